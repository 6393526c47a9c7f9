package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"
)

// What is committed must be what the present Go and openapi.yaml give.
func TestGeneratedSourceIsCurrent(t *testing.T) {
	root := filepath.Join("..", "..")
	for name, write := range generated {
		want, err := write(root)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		got, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(name)))
		if err != nil {
			t.Error(err)
		} else if !bytes.Equal(got, want) {
			t.Errorf("%s is not what Go and openapi.yaml say now: run 'go run ./frontend/build -source' and commit it", name)
		}
	}
}

func TestWordsOfGo(t *testing.T) {
	root := t.TempDir()
	for name, text := range map[string]string{
		"colour/colour.go": `// Package colour is small.
package colour

import "semirest/base"

// Colour is what a thing has. More of it here.
type Colour int

const (
	ColourRed Colour = iota // like blood. Or roses
	ColourGreen
	Plain // of no colour
	Colours // how many
	last Colour = Colour(base.Two) + 1
)

// Word is spoken.
type Word string

const (
	WordYes Word = "yes"
	WordNo Word = "no\""
)

// Most is a limit.
const Most = 3 << 10
`, "base/base.go": "package base\n\nconst Two = 2\n", "colour/colour_test.go": "package colour\n\nconst ColourOfTests Colour = 9\n",
	} {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := wordsOf(root, []shared{{dir: "colour", name: "Colour"}, {dir: "colour", name: "Colour", as: "Said", spoken: true}, {dir: "colour", name: "Word"}, {dir: "colour", name: "Most"}})
	if err != nil {
		t.Fatal(err)
	}
	_, body, _ := strings.Cut(string(got), "\n\n")
	want := `/** colour.Colour is what a thing has. */
export const Colour = {
  red: 0, // like blood.
  green: 1,
  plain: 2, // of no colour
  last: 3,
} as const;
export type Colour = keyof typeof Colour;

/** colour.Colour is what a thing has. */
export type Said = "red" | "green" | "plain" | "last";

/** colour.Word is spoken. */
export type Word = "yes" | "no\"";

/** colour.Most is a limit. */
export const most = 3072;
`
	if body != want {
		t.Errorf("got\n%s\nwant\n%s", body, want)
	}
	if _, err := wordsOf(root, []shared{{dir: "colour", name: "Missing"}}); err == nil {
		t.Error("a name that is not there passed")
	}
	if _, err := wordsOf(root, []shared{{dir: "base", name: "Colour"}}); err == nil {
		t.Error("a type of another package passed")
	}
}

func TestTypesOfSchemas(t *testing.T) {
	for _, c := range []struct{ schema, want string }{
		{"{type: string}", "string"},
		{"{type: integer, nullable: true}", "number | null"},
		{"{type: string, enum: ['', a]}", `"" | "a"`},
		{"{type: array, items: {type: string, enum: [a, b]}}", `("a" | "b")[]`},
		{"{type: object, additionalProperties: {$ref: '#/components/schemas/Level'}}", "Record<string, Level>"},
		{"{type: object}", "Record<string, unknown>"},
		{"{type: object, required: [a], properties: {a: {type: boolean}, b: {type: number, description: of it}}}",
			"{\n  a: boolean;\n  /** of it */\n  b?: number;\n}"},
		{"{allOf: [{$ref: '#/components/schemas/A'}, {type: object, required: [b], properties: {b: {type: string}}}]}", "A & {\n  b: string;\n}"},
	} {
		var n yaml.Node
		if err := yaml.Unmarshal([]byte(c.schema), &n); err != nil {
			t.Fatal(err)
		}
		w := &schemaWriter{}
		if got := w.typeOf(n.Content[0], ""); got != c.want || w.err != nil {
			t.Errorf("%s: %q, %v, want %q", c.schema, got, w.err, c.want)
		}
	}
	for _, unknown := range []string{"{oneOf: [{type: string}]}", "{type: null}", "{$ref: '#/components/responses/A'}", "{type: object, properties: {a: {type: date}}}"} {
		var n yaml.Node
		if err := yaml.Unmarshal([]byte(unknown), &n); err != nil {
			t.Fatal(err)
		}
		w := &schemaWriter{}
		if w.typeOf(n.Content[0], ""); w.err == nil {
			t.Errorf("%s passed", unknown)
		}
	}
}
