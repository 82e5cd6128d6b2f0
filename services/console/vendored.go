package console

// Chart returns uPlot's script and style sheet, for pages that have to hold them themselves.
func Chart() (js, css string) {
	return vendored("uplot-1.6.32.min.js"), vendored("uplot-1.6.32.min.css")
}

func vendored(name string) string {
	b, err := static.ReadFile("static/vendor/" + name)
	if err != nil {
		panic(err) // embedded: a mistake of the build
	}
	return string(b)
}
