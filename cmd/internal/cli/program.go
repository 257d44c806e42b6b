package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// Program is a command-line program: its commands, and the texts about it that
// the help, the reference and the manual page have in common.
type Program struct {
	Root      *cobra.Command
	Topics    []Topic
	EnvPrefix string      // of the variables that set flags; "" if none do
	Variables [][2]string // other environment variables, and what they hold
	ExitCodes [][2]string // and what they mean
}

// UsageError is a mistake in the command line.
type UsageError struct{ Problem string }

func (e *UsageError) Error() string { return e.Problem }

func usageError(format string, args ...any) error {
	return &UsageError{fmt.Sprintf(format, args...)}
}

// Init adds what every program has: help for commands and topics, completions,
// a manual page, and the flags --help and --version.
func (p *Program) Init() *Program {
	root := p.Root
	root.SilenceErrors, root.SilenceUsage = true, true
	root.CompletionOptions.DisableDefaultCmd = true
	root.SetHelpCommand(p.helpCommand())
	root.AddCommand(p.completionCommand(), p.manCommand())
	for _, c := range p.commands() {
		c.Flags().SortFlags = false
		Section(c, "Other", func(f *pflag.FlagSet) {
			if c == root {
				f.Bool("version", false, "print the version, commit and build date")
			}
			f.BoolP("help", "h", false, "print this help")
		})
	}
	root.SetFlagErrorFunc(p.flagError)
	root.SetHelpFunc(func(c *cobra.Command, _ []string) { io.WriteString(c.OutOrStdout(), p.Help(c)) })
	return p
}

// Run runs the command that args name. Usage errors are of type [UsageError].
func (p *Program) Run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) error {
	root := p.Root
	root.SetArgs(args)
	root.SetIn(stdin)
	root.SetOut(stdout)
	root.SetErr(stderr)
	run := root.RunE
	root.RunE = func(c *cobra.Command, args []string) error {
		if version, _ := c.Flags().GetBool("version"); version {
			_, err := fmt.Fprintln(stdout, root.Name(), ReadBuild())
			return err
		}
		return run(c, args)
	}
	return root.ExecuteContext(ctx)
}

// Section declares flags of a command under a heading of its help. The usage of a
// flag begins with the name of its value in backquotes, unless it is a bool.
func Section(c *cobra.Command, heading string, declare func(*pflag.FlagSet)) {
	set := pflag.NewFlagSet(heading, pflag.ContinueOnError)
	set.SortFlags = false
	declare(set)
	set.VisitAll(func(f *pflag.Flag) {
		value := ""
		if name, text, ok := strings.Cut(strings.TrimPrefix(f.Usage, "`"), "` "); ok {
			value, f.Usage = name, text
		}
		f.Annotations = map[string][]string{headingAnnotation: {heading}, valueAnnotation: {value}}
	})
	c.Flags().SortFlags = false
	c.Flags().AddFlagSet(set)
}

const (
	headingAnnotation = "heading"
	valueAnnotation   = "value"
)

// Values completes the values of a flag in shells.
func Values(c *cobra.Command, flag string, values func() []string) {
	_ = c.RegisterFlagCompletionFunc(flag, func(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
		return values(), cobra.ShellCompDirectiveNoFileComp
	}) // fails only for a flag that does not exist, whose help would be missing too
}

// Variable returns the environment variable that sets a flag.
func (p *Program) Variable(flag string) string {
	return p.EnvPrefix + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}

// commands returns the root and the commands beneath it.
func (p *Program) commands() []*cobra.Command {
	return append([]*cobra.Command{p.Root}, p.Root.Commands()...)
}

// Unknown returns an error about arguments that a command does not take. It
// repeats an argument only if it looks like a command, misspelt or cut short: any
// other may be a key that was given in the wrong place.
func (p *Program) Unknown(c *cobra.Command, args []string) error {
	var names []string
	for _, c := range p.Root.Commands() {
		names = append(names, c.Name())
	}
	if near := perhaps(args[0], names); c == p.Root && args[0] != "" && near != "" {
		return usageError("unknown command %q%s", args[0], near)
	} else if c == p.Root {
		return usageError("unexpected arguments: %d; the commands are %s", len(args), strings.Join(names, ", "))
	}
	return usageError("unexpected arguments: %d; see %s --help", len(args), c.CommandPath())
}

// flagError explains an error of the flag library in one clause. It never
// repeats the value of a flag or an unknown short flag, as either may be a key
// that was given in the wrong place.
func (p *Program) flagError(c *cobra.Command, err error) error {
	var unknown *pflag.NotExistError
	var required *pflag.ValueRequiredError
	var invalid *pflag.InvalidValueError
	switch {
	case errors.Is(err, pflag.ErrHelp):
		return err
	case errors.As(err, &unknown) && unknown.GetSpecifiedShortnames() != "":
		return usageError("unknown flag: long flags start with two dashes; see %s --help", c.CommandPath())
	case errors.As(err, &unknown):
		return p.unknownFlag(c, unknown.GetSpecifiedName())
	case errors.As(err, &required):
		return usageError("--%s needs a value", required.GetSpecifiedName())
	case errors.As(err, &invalid) && invalid.GetFlag() != nil:
		return usageError("--%s must be %s", invalid.GetFlag().Name, ValueOf(invalid.GetFlag()))
	}
	return usageError("a flag is malformed; see %s --help", c.CommandPath())
}

// unknownFlag names the command that has the flag, or else the nearest flag.
func (p *Program) unknownFlag(c *cobra.Command, name string) error {
	var others, names []string
	for _, other := range p.commands() {
		if other.Flags().Lookup(name) != nil {
			others = append(others, other.CommandPath())
		}
	}
	if len(others) > 0 {
		return usageError("--%s is not a flag of %s, but of %s", name, c.CommandPath(), strings.Join(others, " and "))
	}
	c.Flags().VisitAll(func(f *pflag.Flag) { names = append(names, f.Name) })
	return usageError("unknown flag --%s: the nearest is --%s", name, Nearest(name, names))
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
	if strings.Contains(flag.Value.Type(), " ") { // a type of our own describes itself
		return flag.Value.Type()
	}
	return "well-formed"
}

// UnknownVariables describes each variable of environ that begins as those that
// set flags do, but sets none. Kubernetes and Docker make such variables for a
// service of the program's name; those are left out.
func (p *Program) UnknownVariables(environ []string) []string {
	var names []string
	for _, c := range p.commands() {
		c.Flags().VisitAll(func(f *pflag.Flag) { names = append(names, p.Variable(f.Name)) })
	}
	var problems []string
	for _, pair := range environ {
		name, value, _ := strings.Cut(pair, "=")
		rest, ours := strings.CutPrefix(name, p.EnvPrefix)
		made := rest == "PORT" || rest == "NAME" || strings.HasPrefix(rest, "PORT_") || strings.HasPrefix(rest, "SERVICE_") || strings.HasPrefix(rest, "ENV_")
		if ours && value != "" && !made && !slices.Contains(names, name) {
			problems = append(problems, fmt.Sprintf("the environment variable %s sets no flag: the nearest is %s", name, Nearest(name, names)))
		}
	}
	slices.Sort(problems)
	return problems
}
