package cli

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
)

// completionCommand prints the script that completes commands, flags and values
// in a shell.
func (p *Program) completionCommand() *cobra.Command {
	shells := map[string]func(io.Writer) error{
		"bash":       func(w io.Writer) error { return p.Root.GenBashCompletionV2(w, true) },
		"zsh":        p.Root.GenZshCompletion,
		"fish":       func(w io.Writer) error { return p.Root.GenFishCompletion(w, true) },
		"powershell": p.Root.GenPowerShellCompletionWithDesc,
	}
	name := p.Root.Name()
	return &cobra.Command{
		Use:   "completion SHELL",
		Short: "print a completion script for bash, zsh, fish or powershell",
		Long:  name + " completion prints a script that completes commands, flags and values.",
		Example: "source <(" + name + " completion bash)\n" +
			name + ` completion zsh >"${fpath[1]}/_` + name + "\"\n" +
			name + " completion fish >~/.config/fish/completions/" + name + ".fish\n" +
			name + " completion powershell | Out-String | Invoke-Expression",
		ValidArgs: []string{"bash", "zsh", "fish", "powershell"},
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) != 1 || shells[args[0]] == nil {
				return usageError("completion takes the name of a shell: bash, zsh, fish or powershell")
			}
			return shells[args[0]](c.OutOrStdout())
		},
	}
}

// manCommand prints the manual page.
func (p *Program) manCommand() *cobra.Command {
	name := p.Root.Name()
	return &cobra.Command{
		Use:     "man",
		Short:   "print the manual page",
		Long:    name + " man prints the manual page, in the format of man(7).",
		Example: name + " man | man -l -",
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) > 0 {
				return p.Unknown(c, args)
			}
			_, err := io.WriteString(c.OutOrStdout(), p.Man())
			return err
		},
	}
}

// Man returns the manual page, in the format of man(7).
func (p *Program) Man() string {
	var b strings.Builder
	name := p.Root.Name()
	fmt.Fprintf(&b, ".TH %s 1 \"\" \"%s\"\n.SH NAME\n%s \\- %s\n", strings.ToUpper(roff(name)), roff(Version()), roff(name), roff(p.Root.Short))
	b.WriteString(".SH SYNOPSIS\n")
	for _, c := range p.commands() {
		fmt.Fprintf(&b, ".B %s\n.br\n", roff(c.UseLine()))
	}
	b.WriteString(".SH DESCRIPTION\n" + roff(p.Root.Long) + "\n")
	for _, c := range p.commands() {
		fmt.Fprintf(&b, ".SH %s\n", strings.ToUpper(roff(c.CommandPath())))
		if c != p.Root {
			b.WriteString(roff(c.Long) + "\n")
		}
		if c.Example != "" {
			b.WriteString(".SS Examples\n.nf\n" + roff(c.Example) + "\n.fi\n")
		}
		for _, s := range sections(c) {
			fmt.Fprintf(&b, ".SS %s\n", roff(s.heading))
			for _, f := range s.flags {
				fmt.Fprintf(&b, ".TP\n\\fB%s\\fR\n%s\n", roff(flagColumn(f)), roff(flagText(f)))
			}
		}
	}
	table := func(heading string, rows [][2]string) {
		if len(rows) == 0 {
			return
		}
		b.WriteString(".SH " + heading + "\n")
		for _, r := range rows {
			fmt.Fprintf(&b, ".TP\n\\fB%s\\fR\n%s\n", roff(r[0]), roff(r[1]))
		}
	}
	table("ENVIRONMENT", p.Variables)
	table("EXIT STATUS", p.ExitCodes)
	return b.String()
}

// roff escapes a text for man(7): backslashes, dashes, and a control character
// at the beginning of a line.
func roff(text string) string {
	text = strings.NewReplacer(`\`, `\e`, "-", `\-`).Replace(text)
	lines := strings.Split(text, "\n")
	for i, l := range lines {
		if strings.HasPrefix(l, ".") || strings.HasPrefix(l, "'") {
			lines[i] = `\&` + l
		}
	}
	return strings.Join(lines, "\n")
}

// Reference returns a Markdown page of all commands with their flags, the
// environment and the exit codes, followed by the sections in more.
func (p *Program) Reference(more string) string {
	var b strings.Builder
	name := p.Root.Name()
	fmt.Fprintf(&b, "# Reference: flags, environment, exit codes\n\nThis page is generated. To update it, run `go test ./cmd/%s -run TestReference -update`.\n", name)
	for _, c := range p.commands() {
		fmt.Fprintf(&b, "\n## %s\n\n%s\n\n```text\n%s\n```\n", c.CommandPath(), plainMarkdown(c.Long), c.UseLine())
		for _, s := range sections(c) {
			if c != p.Root && s.heading == "Other" { // --help alone
				continue
			}
			fmt.Fprintf(&b, "\n### %s\n\n", s.heading)
			b.WriteString("| flag | meaning |")
			if p.EnvPrefix != "" {
				b.WriteString(" variable |")
			}
			b.WriteString("\n|---|---|" + strings.Repeat("---|", len(p.EnvPrefix[:min(1, len(p.EnvPrefix))])) + "\n")
			for _, f := range s.flags {
				fmt.Fprintf(&b, "| `%s` | %s |", flagColumn(f), plainMarkdown(flagText(f)))
				if p.EnvPrefix != "" {
					variable := " "
					if f.Name != "help" && f.Name != "version" {
						variable = " `" + p.Variable(f.Name) + "` "
					}
					b.WriteString(variable + "|")
				}
				b.WriteString("\n")
			}
		}
	}
	if note := p.Root.Annotations[FlagsNote]; note != "" {
		b.WriteString("\n" + plainMarkdown(note) + "\n")
	}
	table := func(heading, first string, rows [][2]string) {
		if len(rows) > 0 {
			fmt.Fprintf(&b, "\n## %s\n\n| %s | meaning |\n|---|---|\n", heading, first)
		}
		for _, r := range rows {
			fmt.Fprintf(&b, "| `%s` | %s |\n", r[0], plainMarkdown(r[1]))
		}
	}
	table("Environment", "variable", p.Variables)
	table("Exit codes", "code", p.ExitCodes)
	b.WriteString(more)
	return b.String()
}

func plainMarkdown(text string) string {
	return strings.NewReplacer("|", `\|`, "*", `\*`, "<", `\<`, "_", `\_`).Replace(text)
}
