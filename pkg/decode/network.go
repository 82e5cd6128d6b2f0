package decode

import (
	"net/netip"

	"github.com/iolaus-io/iolaus/pkg/event"
	"github.com/iolaus-io/iolaus/pkg/token"
)

// Bytes of an address that stand for it. A v6 host has its /64 to itself, so the
// address as an entity is the /64; networks are v4 /24 and v6 /48.
const (
	v4Prefix  = 3
	v6Address = 8
	v6Prefix  = 6
)

func (d *Decoder) network(m *message, ip, asn, ipType, country int, out *event.Network) (err error) {
	if out.IP, out.Prefix, err = d.address(m, ip); err != nil {
		return err
	}
	out.ASN = 0
	if d.fields.has(asn) {
		out.ASN = uint32(d.fields.num[asn]) //nolint:gosec // both readers bound it
	}
	out.IPType = event.ParseIPType(view(d.fields.text(ipType)))
	return d.country(m, country, &out.Country)
}

// address tokenises an IP address and its network. The unspecified address, which
// producers send where they know none, counts as absent.
func (d *Decoder) address(m *message, i int) (ip, prefix event.Token, err error) {
	b := d.fields.text(i)
	if len(b) == 0 {
		return 0, 0, nil
	}
	if v4, ok := parseV4(b); ok {
		ip, prefix = d.v4(v4)
		return ip, prefix, nil
	}
	addr, err := netip.ParseAddr(view(b))
	if err != nil || addr.Zone() != "" {
		return 0, 0, impossible(m, i, "is no IP address")
	}
	if addr.Is4() || addr.Is4In6() {
		ip, prefix = d.v4(addr.Unmap().As4())
		return ip, prefix, nil
	}
	v6 := addr.As16()
	if v6 == [16]byte{} {
		return 0, 0, nil
	}
	d.text = append(d.text[:0], v6[:v6Address]...)
	return d.tokens.Token(token.IP, d.text), d.tokens.Token(token.Prefix, d.text[:v6Prefix]), nil
}

func (d *Decoder) v4(v4 [4]byte) (ip, prefix event.Token) {
	if v4 == [4]byte{} {
		return 0, 0
	}
	d.text = append(d.text[:0], v4[:]...)
	return d.tokens.Token(token.IP, d.text), d.tokens.Token(token.Prefix, d.text[:v4Prefix])
}

// parseV4 reads a dotted quad as netip does (no leading zeros), at a quarter of its cost.
func parseV4(b []byte) (v4 [4]byte, ok bool) {
	if len(b) < 7 || len(b) > 15 {
		return v4, false
	}
	part, n, digits := 0, 0, 0
	for _, c := range b {
		switch {
		case isDigit(c):
			if digits > 0 && n == 0 {
				return v4, false
			}
			n = n*10 + int(c-'0')
			digits++
			if n > 255 {
				return v4, false
			}
		case c == '.' && digits > 0 && part < 3:
			v4[part] = byte(n)
			part, n, digits = part+1, 0, 0
		default:
			return v4, false
		}
	}
	v4[3] = byte(n)
	return v4, part == 3 && digits > 0
}
