package main

import (
	"context"
	"os"
	"strconv"
	"strings"
	"time"
)

// shell only pretends, as the simulator's does: no files, no processes, and a dozen programs.
type shell struct {
	hostname    string
	environment map[string]string
	in          <-chan []byte
	out, err    func(string)
	tty         bool
	code        int
	exited      bool
}

// ending is how a program ended; missing names one that never began.
type ending struct {
	code    int
	missing string
}

// start runs the command of a request, which is no shell line unless it names a shell.
func (s *shell) start(ctx context.Context, command []string) ending {
	if len(command) == 0 {
		return ending{}
	}
	switch command[0] {
	case "sh", "bash", "/bin/sh", "/bin/bash":
		for at, word := range command[1:] {
			if strings.HasPrefix(word, "-") && strings.HasSuffix(word, "c") && at+2 < len(command) {
				s.script(ctx, command[at+2])
				return ending{code: s.code}
			}
		}
		s.interactive(ctx)
		return ending{code: s.code}
	}
	if !s.run(ctx, command, s.out) {
		return ending{missing: command[0]}
	}
	return ending{code: s.code}
}

func (s *shell) script(ctx context.Context, script string) {
	for text := range strings.Lines(script) {
		if s.line(ctx, text); s.exited {
			return
		}
	}
}

// interactive reads lines and runs them until the input ends or one says `exit`.
func (s *shell) interactive(ctx context.Context) {
	pending := ""
	prompt := func() {
		if s.tty {
			s.out("/ # ")
		}
	}
	prompt()
	for bytes := range s.in {
		if s.tty {
			// A terminal shows what is typed, and Ctrl-D ends it.
			s.out(string(bytes))
			if strings.ContainsRune(string(bytes), 4) {
				break
			}
		}
		pending += string(bytes)
		for {
			at := strings.IndexAny(pending, "\r\n")
			if at < 0 {
				break
			}
			text := pending[:at]
			pending = pending[at+1:]
			if s.line(ctx, text); s.exited {
				return
			}
			prompt()
		}
	}
	s.line(ctx, pending)
}

// line runs commands joined by `;`, `&&` and `||`.
func (s *shell) line(ctx context.Context, text string) {
	for _, command := range split(text) {
		skip := command.joint == "&&" && s.code != 0 || command.joint == "||" && s.code == 0
		if skip || len(command.words) == 0 || s.exited {
			continue
		}
		out := s.out
		var words []string
		for _, word := range command.words {
			if word == ">&2" || word == "1>&2" {
				out = s.err
				continue
			}
			words = append(words, s.expand(word))
		}
		if !s.run(ctx, words, out) {
			s.err("sh: " + words[0] + ": not found\n")
			s.code = 127
		}
	}
}

// run runs one program; `false` when there is none of that name.
func (s *shell) run(ctx context.Context, words []string, out func(string)) bool {
	s.code = 0
	if len(words) == 0 {
		return true
	}
	rest := words[1:]
	switch words[0][strings.LastIndex(words[0], "/")+1:] {
	case "echo":
		if len(rest) > 0 && rest[0] == "-n" {
			out(strings.Join(rest[1:], " "))
		} else {
			out(strings.Join(rest, " ") + "\n")
		}
	case "printf":
		out(strings.ReplaceAll(strings.Join(rest[:min(1, len(rest))], ""), `\n`, "\n"))
	case "true", ":":
	case "false":
		s.code = 1
	case "hostname":
		out(s.hostname + "\n")
	case "date":
		out(time.Now().UTC().Format("Mon Jan _2 15:04:05 UTC 2006") + "\n")
	case "env", "printenv":
		s.print(rest, out)
	case "cat":
		if len(rest) > 0 && rest[0] != "-" {
			s.err("cat: can't open '" + rest[0] + "': No such file or directory\n")
			s.code = 1
			break
		}
		for bytes := range s.in {
			out(string(bytes))
		}
	case "sleep":
		seconds, err := strconv.ParseFloat(strings.Join(rest, ""), 64)
		if err != nil || seconds < 0 {
			s.code = 1
			break
		}
		select {
		case <-ctx.Done():
		case <-time.After(time.Duration(min(seconds, 3600) * float64(time.Second))):
		}
	case "exit":
		if len(rest) > 0 {
			s.code, _ = strconv.Atoi(rest[0])
		}
		s.exited = true
	default:
		return false
	}
	return true
}

func (s *shell) print(names []string, out func(string)) {
	if len(names) == 0 {
		for name, value := range s.environment {
			out(name + "=" + value + "\n")
		}
		return
	}
	value, has := s.environment[names[0]]
	if !has {
		s.code = 1
		return
	}
	out(value + "\n")
}

// expand replaces `$NAME`, `${NAME}` and `$?`.
func (s *shell) expand(word string) string {
	return os.Expand(word, func(name string) string {
		if name == "?" {
			return strconv.Itoa(s.code)
		}
		return s.environment[name]
	})
}

type command struct {
	joint string
	words []string
}

// split cuts a line into commands, each with what joins it to the one before.
func split(text string) []command {
	out := []command{{}}
	word, begun := "", false
	var quote rune
	flush := func() {
		if begun {
			last := &out[len(out)-1]
			last.words = append(last.words, word)
			word, begun = "", false
		}
	}
	letters := []rune(text)
	for at := 0; at < len(letters); at++ {
		letter := letters[at]
		double := at+1 < len(letters) && letters[at+1] == letter
		switch {
		case quote != 0 && letter == quote:
			quote = 0
		case quote != 0:
			word += string(letter)
		case letter == '\'' || letter == '"':
			quote, begun = letter, true
		case letter == '#' && !begun:
			flush()
			return out
		case letter == ';':
			flush()
			out = append(out, command{joint: ";"})
		case (letter == '&' || letter == '|') && double:
			flush()
			out = append(out, command{joint: string([]rune{letter, letter})})
			at++
		case letter == ' ' || letter == '\t' || letter == '\n':
			flush()
		default:
			word, begun = word+string(letter), true
		}
	}
	flush()
	return out
}
