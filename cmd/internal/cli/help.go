package cli

import (
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// Topic is a page of help about a subject rather than a command.
type Topic struct {
	Name, Short string
	Text        string // Markdown
}

// helpCommand prints the help of a command or a topic.
func (p *Program) helpCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "help [COMMAND | TOPIC]",
		Short: "print the help of a command or a topic",
		Long:  p.Root.Name() + " help prints the help of a command or a topic; without one, it lists them all.",

		DisableFlagsInUseLine: true,
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) == 0 {
				_, err := io.WriteString(c.OutOrStdout(), p.Help(p.Root))
				return err
			}
			if len(args) > 1 {
				return usageError("help takes one command or topic")
			}
			text, err := p.helpOn(args[0])
			if err == nil {
				_, err = io.WriteString(c.OutOrStdout(), text)
			}
			return err
		},
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
			return p.subjects(), cobra.ShellCompDirectiveNoFileComp
		},
	}
}

// subjects are what there is help on.
func (p *Program) subjects() (names []string) {
	for _, c := range p.Root.Commands() {
		if !c.Hidden { // as the one that completes
			names = append(names, c.Name())
		}
	}
	for _, t := range p.Topics {
		names = append(names, t.Name)
	}
	return names
}

func (p *Program) helpOn(name string) (string, error) {
	for _, c := range p.Root.Commands() {
		if c.Name() == name {
			return p.Help(c), nil
		}
	}
	for _, t := range p.Topics {
		if t.Name == name {
			return t.Text, nil
		}
	}
	return "", usageError("no command or topic is named %q%s; see %s help", name, perhaps(name, p.subjects()), p.Root.Name())
}

// Help returns the help of a command: examples first, then commands and topics,
// flags by heading, and exit codes.
func (p *Program) Help(c *cobra.Command) string {
	var b strings.Builder
	b.WriteString(c.Long + "\n")
	if c.Example != "" {
		b.WriteString("\nExamples:\n" + indent(c.Example) + "\n")
	}
	b.WriteString("\nUsage:\n  " + c.UseLine() + "\n")
	if c == p.Root {
		b.WriteString("  " + c.Name() + " COMMAND [flags]\n")
		var commands, topics [][2]string
		for _, sub := range c.Commands() {
			commands = append(commands, [2]string{sub.Name(), sub.Short})
		}
		for _, t := range p.Topics {
			topics = append(topics, [2]string{t.Name, t.Short})
		}
		b.WriteString("\nCommands:\n" + columns(commands))
		b.WriteString("\nTopics (" + c.Name() + " help TOPIC):\n" + columns(topics))
	}
	all, width := sections(c), 0
	for _, s := range all {
		for _, f := range s.flags {
			width = max(width, utf8.RuneCountInString(flagColumn(f)))
		}
	}
	for _, s := range all {
		b.WriteString("\n" + s.heading + ":\n")
		for _, f := range s.flags {
			fmt.Fprintf(&b, "  %-*s  %s\n", width, flagColumn(f), flagText(f))
		}
	}
	if note := c.Annotations[FlagsNote]; note != "" {
		b.WriteString("\n" + note + "\n")
	}
	if c == p.Root {
		if p.EnvPrefix != "" {
			fmt.Fprintf(&b, "\nEach flag is also an environment variable, as %s for --address-file.\nA flag takes precedence. Flags with … may be repeated; in a variable, separate values by commas.\n", p.Variable("address-file"))
		} else {
			b.WriteString("\nFlags with … may be repeated.\n")
		}
		if len(p.Variables) > 0 {
			b.WriteString("\nEnvironment:\n" + columns(p.Variables))
		}
		b.WriteString("\nExit codes:\n" + columns(p.ExitCodes))
	}
	return b.String()
}

// FlagsNote is the annotation of a command with a note on its flags.
const FlagsNote = "flags-note"

// section is the flags under one heading.
type section struct {
	heading string
	flags   []*pflag.Flag
}

func sections(c *cobra.Command) []section {
	var all []section
	c.Flags().VisitAll(func(f *pflag.Flag) {
		if f.Annotations[headingAnnotation] == nil {
			return // one that cobra adds by itself
		}
		heading := f.Annotations[headingAnnotation][0]
		i := slices.IndexFunc(all, func(s section) bool { return s.heading == heading })
		if i < 0 {
			i, all = len(all), append(all, section{heading: heading})
		}
		all[i].flags = append(all[i].flags, f)
	})
	return all
}

// flagColumn is a flag with the name of its value: "--quiet, -q". A … follows
// the value if the flag may be repeated.
func flagColumn(f *pflag.Flag) string {
	name := "--" + f.Name
	if f.Shorthand != "" {
		name += ", -" + f.Shorthand
	}
	if value := f.Annotations[valueAnnotation][0]; value != "" {
		name += " " + value
	}
	if f.Value.Type() == "stringArray" {
		name += "…"
	}
	return name
}

// flagText is what a flag does, with its default.
func flagText(f *pflag.Flag) string {
	d := f.DefValue
	if strings.HasSuffix(d, "m0s") {
		d = strings.TrimSuffix(d, "0s")
	}
	d = strings.Trim(d, "[]")
	if d == "" || d == "0" || d == "0s" || d == "false" {
		return f.Usage
	}
	return f.Usage + " (default " + d + ")"
}

func columns(rows [][2]string) string {
	width := 0
	for _, r := range rows {
		width = max(width, utf8.RuneCountInString(r[0]))
	}
	var b strings.Builder
	for _, r := range rows {
		fmt.Fprintf(&b, "  %-*s  %s\n", width, r[0], r[1])
	}
	return b.String()
}

func indent(text string) string {
	return "  " + strings.ReplaceAll(strings.ReplaceAll(text, "\n", "\n  "), "\n  \n", "\n\n")
}

// ReadTopics reads the pages topics/NAME.md.
func ReadTopics(pages fs.FS, names ...string) ([]Topic, error) {
	var all []Topic
	for _, name := range names {
		data, err := fs.ReadFile(pages, "topics/"+name+".md")
		if err != nil {
			return nil, err
		}
		title, _, _ := strings.Cut(strings.TrimPrefix(string(data), "# "), "\n")
		all = append(all, Topic{Name: name, Short: strings.ToLower(title[:1]) + title[1:], Text: withoutComment(string(data))})
	}
	return all, nil
}

// withoutComment returns a page without its HTML comment, which only an author
// needs.
func withoutComment(page string) string {
	before, rest, _ := strings.Cut(page, "<!--")
	_, after, closed := strings.Cut(rest, "-->\n\n")
	if !closed {
		return page
	}
	return before + after
}
