package spec

import (
	"encoding/base64"
	"net/mail"
	"net/netip"
	"net/url"
	"regexp"
	"strings"
	"time"
)

var (
	uuidSyntax     = regexp.MustCompile(`^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$`)
	hostSyntax     = regexp.MustCompile(`^[0-9A-Za-z]([0-9A-Za-z-]{0,61}[0-9A-Za-z])?(\.[0-9A-Za-z]([0-9A-Za-z-]{0,61}[0-9A-Za-z])?)*$`)
	pointerSyntax  = regexp.MustCompile(`^(/([^~]|~[01])*)?$`)
	durationSyntax = regexp.MustCompile(`^P(\d+W|(\d+Y)?(\d+M)?(\d+D)?(T(\d+H)?(\d+M)?(\d+S)?)?)$`)
)

// FitsFormat reports whether a text is in a format of OpenAPI or JSON Schema
// (validation, section 7.3). Any is in a format that is not known.
func FitsFormat(format, v string) bool {
	var err error
	switch format {
	case "date":
		_, err = time.Parse(time.DateOnly, v)
	case "date-time":
		_, err = time.Parse(time.RFC3339, v)
	case "time":
		_, err = time.Parse("15:04:05Z07:00", v)
	case "duration":
		return durationSyntax.MatchString(v) && !strings.HasSuffix(v, "P") && !strings.HasSuffix(v, "T")
	case "email", "idn-email":
		var a *mail.Address
		if a, err = mail.ParseAddress(v); err == nil {
			return a.Name == "" && !strings.ContainsAny(v, "<>()") && strings.TrimSpace(v) == v
		}
	case "uuid":
		return uuidSyntax.MatchString(v)
	case "uri", "url", "iri":
		var u *url.URL
		if u, err = url.Parse(v); err == nil {
			return u.IsAbs()
		}
	case "hostname":
		return len(v) <= 253 && hostSyntax.MatchString(v)
	case "ipv4":
		var a netip.Addr
		if a, err = netip.ParseAddr(v); err == nil {
			return a.Is4()
		}
	case "ipv6":
		var a netip.Addr
		if a, err = netip.ParseAddr(v); err == nil {
			return a.Is6() && a.Zone() == ""
		}
	case "byte":
		_, err = base64.StdEncoding.DecodeString(v)
	case "json-pointer":
		return pointerSyntax.MatchString(v)
	case "uri-reference", "iri-reference":
		_, err = url.Parse(v)
	case "regex":
		_, err = CompilePattern(v)
	}
	return err == nil
}
