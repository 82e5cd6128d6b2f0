package simulate

import "fmt"

// client is a program as the gateway sees it: TLS fingerprint and user agent. Millions
// share the popular ones.
type client struct{ ja4, agent string }

// clients is the population of programs.
type clients struct {
	browsers choice[*client]
	mobile   choice[*client]
	sdks     choice[*client] // of the vendor and of popular frameworks
	servers  choice[*client] // plain HTTP libraries in back ends
}

// ja4 makes a fingerprint of the usual form from a stack's name.
func ja4(stack string) string {
	h := hashString(stack)
	return fmt.Sprintf("t13d%02d%02dh%d_%012x_%012x", 12+h%8, 8+h>>8%9, 1+h>>16%2, mix(h)>>16, mix(h^golden)>>16)
}

func newClients() *clients {
	c := &clients{}
	add := func(to *choice[*client], weight float64, stack, agent string) {
		to.add(&client{ja4: ja4(stack), agent: agent}, weight)
	}
	for i, w := range []float64{0.5, 0.3, 0.12, 0.08} {
		v := 142 - i
		add(&c.browsers, 40*w, "chrome", fmt.Sprintf("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/%d.0.0.0 Safari/537.36", v))
		add(&c.browsers, 25*w, "chrome", fmt.Sprintf("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/%d.0.0.0 Safari/537.36", v))
		add(&c.browsers, 10*w, "safari"+fmt.Sprint(i/2), fmt.Sprintf("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/19.%d Safari/605.1.15", 3-i))
		add(&c.browsers, 6*w, "firefox", fmt.Sprintf("Mozilla/5.0 (X11; Linux x86_64; rv:%d.0) Gecko/20100101 Firefox/%d.0", v+3, v+3))
		add(&c.browsers, 8*w, "edge", fmt.Sprintf("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/%d.0.0.0 Safari/537.36 Edg/%d.0.0.0", v, v))
		add(&c.mobile, 50*w, "ios", fmt.Sprintf("AtlasChat/4.%d (iPhone; iOS 19.%d)", 12-i, 4-i))
		add(&c.mobile, 45*w, "okhttp", fmt.Sprintf("AtlasChat/4.%d (Android 1%d)", 12-i, 6-i))
		for _, py := range []string{"3.10", "3.12", "3.13"} {
			add(&c.sdks, 14*w, "python-openssl"+py, fmt.Sprintf("atlas-python/2.%d.%d Python/%s", 31-i, 3-i, py))
		}
		for _, node := range []string{"20", "22", "24"} {
			add(&c.sdks, 9*w, "node"+node, fmt.Sprintf("atlas-node/1.%d.0 node/%s", 44-i, node))
		}
		add(&c.sdks, 9*w, "harness", fmt.Sprintf("codepilot-cli/0.%d.1", 88-2*i))
		add(&c.sdks, 6*w, "python-openssl3.12", fmt.Sprintf("langweave/0.%d.2", 27-i))
		add(&c.sdks, 3*w, "go1.26", fmt.Sprintf("atlas-go/1.%d.0", 9-i))
		add(&c.sdks, 2*w, "jdk21", fmt.Sprintf("atlas-java/3.%d.1", 6-i))
		add(&c.servers, 8*w, "python-httpx", fmt.Sprintf("python-httpx/0.2%d.0", 8-i))
		add(&c.servers, 7*w, "aiohttp", fmt.Sprintf("Python/3.1%d aiohttp/3.1%d.2", 3-i/2, 3-i))
		add(&c.servers, 4*w, "go1.25", "Go-http-client/2.0")
		add(&c.servers, 3*w, "rustls", fmt.Sprintf("reqwest/0.12.%d", 24-i))
		add(&c.servers, 3*w, "undici", "undici")
		add(&c.servers, 2.5*w, "node22", fmt.Sprintf("axios/1.%d.2", 13-i))
		add(&c.servers, 1.5*w, "node20", fmt.Sprintf("node-fetch/3.3.%d", 2-i/2))
		add(&c.servers, 1.5*w, "okhttp", fmt.Sprintf("okhttp/5.%d.0", 1-i/2))
		add(&c.servers, 1*w, "go1.26", "Go-http-client/1.1")
		add(&c.servers, 2*w, "curl", fmt.Sprintf("curl/8.%d.0", 15-i))
		add(&c.servers, 2*w, "jdk21", "Java-http-client/21.0.8")
	}
	return c
}

// api is the client of a developer: an SDK mostly, else a plain HTTP library.
func (c *clients) api(r *rng) *client {
	if r.chance(0.8) {
		return c.sdks.pick(r)
	}
	return c.servers.pick(r)
}

// named is a program with a name of its own, on a stack that very many use: an app or a
// plugin that someone publishes.
func (c *clients) named(name string, version int, r *rng) *client {
	under := c.sdks.pick(r)
	return &client{ja4: under.ja4, agent: fmt.Sprintf("%s/1.%d.%d", name, version, r.intn(6))}
}

// private is a program that few others run: a proxy or gateway built for one purpose.
func private(key uint64) *client {
	libs := []string{"python-httpx/0.28.1", "axios/1.13.2", "Go-http-client/1.1", "okhttp/5.1.0", "node-fetch/3.3.2", "aiohttp/3.12.15"}
	return &client{ja4: ja4(fmt.Sprintf("private%d", key)), agent: libs[key%uint64(len(libs))]}
}
