package decode

import "strings"

// topLevel reads the package and the names of the top-level messages off a .proto
// file. It knows comments, strings and braces, which is all that this takes.
func topLevel(src string) (pkg string, messages []string) {
	depth := 0
	var last string
	for src != "" {
		var word string
		word, src = protoWord(src)
		switch {
		case word == "": // space, comment or quoted string
			continue
		case word == "{":
			depth++
		case word == "}":
			depth--
		case depth == 0 && last == "package":
			pkg = word
		case depth == 0 && last == "message":
			messages = append(messages, word)
		}
		last = word
	}
	return pkg, messages
}

// protoWord takes the next word, quoted string or punctuation mark off src.
func protoWord(src string) (word, rest string) {
	switch {
	case strings.HasPrefix(src, "//"):
		_, rest, _ = strings.Cut(src, "\n")
		return "", rest
	case strings.HasPrefix(src, "/*"):
		_, rest, _ = strings.Cut(src, "*/")
		return "", rest
	case src[0] == '"' || src[0] == '\'':
		return "", afterString(src)
	case !isWordByte(src[0]):
		return strings.TrimSpace(src[:1]), src[1:]
	}
	n := 1
	for n < len(src) && isWordByte(src[n]) {
		n++
	}
	return src[:n], src[n:]
}

func afterString(src string) string {
	for i := 1; i < len(src); i++ {
		switch src[i] {
		case '\\':
			i++
		case src[0]:
			return src[i+1:]
		}
	}
	return ""
}

func isWordByte(c byte) bool {
	return c == '_' || c == '.' || isDigit(c) || c|0x20 >= 'a' && c|0x20 <= 'z'
}
