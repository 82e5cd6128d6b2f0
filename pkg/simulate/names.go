package simulate

import (
	"strconv"
	"strings"
)

// names make email addresses as people choose them.
type names struct {
	given, family, words []string
	free                 choice[string] // public mailbox providers
	relays               []string       // of mailbox providers that hide an address behind a random one
	disposable           []string
	syllables, endings   []string
}

func newNames() *names {
	n := &names{
		given: strings.Fields("james maria wei anna raj yuki lucas fatima john sofia chen priya omar emma liam noah mia hiro juan " +
			"lena ivan sara david grace kofi amara minh thu jin soo ana pedro luca elif mehmet jan kasia piotr ola eva tom nick kate " +
			"alex sam chris pat robin lee max leo nina vera paul mark susan karen linda peter hans greta pierre marie chloe hugo"),
		family: strings.Fields("smith wang garcia kumar tanaka silva ali kim nguyen mueller martin rossi singh lee chen brown jones " +
			"lopez patel sato santos khan park tran schmidt bernard bianchi gupta lin liu davis miller gonzalez sharma suzuki oliveira " +
			"ahmed choi le schneider dubois romano das huang zhang wilson moore perez rao ito souza hassan jung pham fischer petit"),
		words: strings.Fields("blue pixel dev code cloud data night storm lab fox byte tech star ninja wolf sky moon sun rock green " +
			"fast happy cat dog coffee bit hack neo zen sigma delta nova orbit echo quark"),
		syllables: strings.Fields("al ar be bo ca ce ci co da de do el en ev fi fo ga go ha hi in ja ka ke ki la le li lo lu ma me mi mo " +
			"na ne no nu or pa pe po qui ra re ri ro sa se si so ta te ti to tu va ve vi vo xa ya yo za zo"),
		endings:    strings.Fields("labs tech works soft hq group digital studio systems media data cloud"),
		relays:     strings.Fields("privaterelay.appleid.com duck.com mozmail.com"),
		disposable: strings.Fields("mailnest.example inboxly.example tempbox.example quickmail.example dropmail.example fastinbox.example"),
	}
	for _, d := range []struct {
		name   string
		weight float64
	}{{"gmail.com", 62}, {"outlook.com", 12}, {"hotmail.com", 6}, {"yahoo.com", 5}, {"icloud.com", 6}, {"proton.me", 3}, {"qq.com", 2}, {"163.com", 1}, {"naver.com", 1}, {"gmx.de", 1}, {"mail.ru", 1}} {
		n.free.add(d.name, d.weight)
	}
	return n
}

// local is a mailbox name in one of the habits of real people.
func (n *names) local(r *rng) string {
	g, f, w := n.given[r.intn(len(n.given))], n.family[r.intn(len(n.family))], n.words[r.intn(len(n.words))]
	year, two := strconv.Itoa(1960+r.intn(48)), strconv.Itoa(10+r.intn(90))
	switch r.intn(14) {
	case 0, 1, 2:
		return g + "." + f
	case 3:
		return g + f
	case 4:
		return g + "." + f + two
	case 5:
		return g + f + two
	case 6:
		return g[:1] + f
	case 7:
		return g[:1] + f + two
	case 8:
		return g + year
	case 9:
		return g + "_" + f
	case 10:
		return w + g
	case 11:
		return w + strconv.Itoa(r.intn(1000))
	case 12:
		return f + "." + g
	default:
		return g + "." + f + year
	}
}

// work is a mailbox name in a company's one convention.
func (n *names) work(r *rng, convention uint64) string {
	g, f := n.given[r.intn(len(n.given))], n.family[r.intn(len(n.family))]
	switch convention % 4 {
	case 0:
		return g + "." + f
	case 1:
		return g[:1] + f
	case 2:
		return g
	default:
		return g + "_" + f
	}
}

// made is a mailbox name out of a generator, whose form is one of a fleet's shapes.
func (n *names) made(r *rng, shape uint64) string {
	g, f := n.given[r.intn(len(n.given))], n.family[r.intn(len(n.family))]
	digits := func(k int) string {
		var b []byte
		for range k {
			b = append(b, byte('0'+r.intn(10)))
		}
		return string(b)
	}
	letters := func(k int) string {
		var b []byte
		for range k {
			b = append(b, byte('a'+r.intn(26)))
		}
		return string(b)
	}
	switch shape % 6 {
	case 0:
		return g + "." + f + digits(2+int(shape>>8%2))
	case 1:
		return letters(8) + digits(4)
	case 2:
		return g + f + digits(3+int(shape>>8%3))
	case 3:
		return g + "." + letters(1) + "." + f + digits(2)
	case 4:
		return letters(3) + digits(6+int(shape>>8%3))
	default:
		return f + digits(2) + g + digits(2)
	}
}

// shapeOf is the contract's shape of a local part: a run of letters is "a", a run of
// digits "d" and its length, anything else itself.
func shapeOf(local string) string {
	var b strings.Builder
	for i := 0; i < len(local); {
		j := i
		switch {
		case isLetter(local[i]):
			for j < len(local) && isLetter(local[j]) {
				j++
			}
			b.WriteByte('a')
		case isDigit(local[i]):
			for j < len(local) && isDigit(local[j]) {
				j++
			}
			b.WriteString("d" + strconv.Itoa(j-i))
		default:
			j++
			b.WriteByte(local[i])
		}
		i = j
	}
	return b.String()
}

func isLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }
func isDigit(c byte) bool  { return c >= '0' && c <= '9' }
