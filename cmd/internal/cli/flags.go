package cli

import (
	"errors"
	"fmt"
	"strings"

	"github.com/agnivade/levenshtein"
	"github.com/spf13/pflag"
)

// FlagError explains an error of the flag library in one clause. It never
// repeats the value of a flag or an unknown short flag, as either may be a key
// that was given in the wrong place.
func FlagError(err error, flags *pflag.FlagSet) error {
	var unknown *pflag.NotExistError
	var required *pflag.ValueRequiredError
	var invalid *pflag.InvalidValueError
	switch {
	case errors.As(err, &unknown) && unknown.GetSpecifiedShortnames() != "":
		return errors.New("unknown flag: long flags start with two dashes")
	case errors.As(err, &unknown):
		return fmt.Errorf("unknown flag --%s: the nearest is --%s", unknown.GetSpecifiedName(), nearestFlag(unknown.GetSpecifiedName(), flags))
	case errors.As(err, &required):
		return fmt.Errorf("--%s needs a value", required.GetSpecifiedName())
	case errors.As(err, &invalid) && invalid.GetFlag() != nil:
		return fmt.Errorf("--%s must be %s", invalid.GetFlag().Name, ValueOf(invalid.GetFlag()))
	}
	return errors.New("a flag is malformed")
}

// ValueOf says what the value of a flag must be.
func ValueOf(flag *pflag.Flag) string {
	switch flag.Value.Type() {
	case "bool":
		return "true or false"
	case "int", "int64":
		return "a whole number"
	case "float64":
		return "a number"
	case "duration":
		return "a duration, as in 30s"
	}
	return "well-formed"
}

// nearestFlag prefers a flag that begins as the unknown one does.
func nearestFlag(name string, flags *pflag.FlagSet) string {
	var names, longer []string
	flags.VisitAll(func(f *pflag.Flag) {
		names = append(names, f.Name)
		if strings.HasPrefix(f.Name, name) {
			longer = append(longer, f.Name)
		}
	})
	if len(longer) > 0 {
		names = longer
	}
	return Nearest(name, names)
}

// Nearest returns the candidate with the least edit distance to word, the first
// of several, "" if there is none.
func Nearest(word string, candidates []string) string {
	best, least := "", -1
	for _, c := range candidates {
		if d := levenshtein.ComputeDistance(word, c); least < 0 || d < least {
			best, least = c, d
		}
	}
	return best
}
