package main

import (
	"fmt"
	"go/ast"
	"go/constant"
	"go/parser"
	"go/token"
	"go/types"
	"path/filepath"
	"strings"
	"unicode"
)

// shared is a type or constant that the page shares with Go.
type shared struct {
	dir    string
	name   string // of a type or constant
	as     string // the page's name; "" for the same
	prefix string // of the constants' names; "" for the type's name
	spoken bool   // the Worker says the names, not the numbers
}

// words are the types and constants that the page shares with Go: they are said
// in Go once and written to frontend/src/go/words.ts.
//
// A type of numbers becomes an object of its constants' names and numbers, and
// the type of the names; a type of strings becomes the union of the strings. Of a
// constant's name what repeats its type's is left out: ToolBox is Tool.box.
var words = []shared{
	{dir: "shared/annot", name: "Tool"},
	{dir: "wasm/desk", name: "Act"},
	{dir: "wasm/desk", name: "Outcome"},
	{dir: "wasm/desk", name: "As"},
	{dir: "wasm/desk", name: "Style"},
	{dir: "wasm/desk", name: "Keys"},
	{dir: "wasm/desk", name: "SmallBlock"},
	{dir: "wasm", name: "question", as: "Ask", prefix: "ask"},
	{dir: "wasm", name: "place", as: "At", prefix: "at"},
	{dir: "wasm", name: "headSize"},
	{dir: "wasm/client", name: "Order"},
	{dir: "wasm/client", name: "State", as: "PictureState", spoken: true},
	{dir: "wasm/client", name: "Stage", as: "PictureStage"},
	{dir: "wasm/client", name: "LinkState", prefix: "Link", spoken: true},
	{dir: "shared/wire", name: "Phase"},
	{dir: "shared/wire", name: "JobKind", prefix: "Job"},
	{dir: "shared/wire", name: "JobState", as: "JobNews", prefix: "Job"},
	{dir: "shared/wire", name: "Subject"},
	{dir: "shared/wire", name: "ScoreKind"},
	{dir: "server/project", name: "Stage"},
	{dir: "server/project", name: "JobState"},
	{dir: "server/project", name: "Role"},
	{dir: "server/project", name: "WholeFormat"},
	{dir: "server/project", name: "detectorPrefix"},
	{dir: "server/loop", name: "maxSteps"},
	{dir: "server/web", name: "maxTitle"},
	{dir: "server/web", name: "maxKind"},
}

// wordsFile is frontend/src/go/words.ts.
func wordsFile(root string) ([]byte, error) { return wordsOf(root, words) }

func wordsOf(root string, words []shared) ([]byte, error) {
	var b strings.Builder
	b.WriteString("// Written by frontend/build from Go's constants: change those and run 'make wasm'.\n")
	source := &goSource{root: root, read: map[string]*goPackage{}}
	for _, w := range words {
		p, err := source.folder(w.dir)
		if err != nil {
			return nil, err
		}
		as, prefix := w.as, w.prefix
		if as == "" {
			as = w.name
		}
		if prefix == "" {
			prefix = w.name
		}
		switch o := p.Scope().Lookup(w.name).(type) {
		case *types.TypeName:
			p.say(&b, w.name)
			list := p.constants(o, prefix)
			if len(list) == 0 {
				return nil, fmt.Errorf("%s: %s has no constants", w.dir, w.name)
			}
			writeType(&b, as, w.spoken, list)
		case *types.Const:
			p.say(&b, w.name)
			fmt.Fprintf(&b, "export const %s = %s;\n", lower(as), o.Val())
		default:
			return nil, fmt.Errorf("%s: there is no type or constant %s", w.dir, w.name)
		}
	}
	return []byte(b.String()), nil
}

func writeType(b *strings.Builder, as string, spoken bool, list []word) {
	var union []string
	for _, c := range list {
		if c.value.Kind() == constant.String {
			union = append(union, c.value.ExactString())
		} else if spoken {
			union = append(union, `"`+c.name+`"`)
		}
	}
	if union != nil {
		fmt.Fprintf(b, "export type %s = %s;\n", as, strings.Join(union, " | "))
		return
	}
	fmt.Fprintf(b, "export const %s = {\n", as)
	for _, c := range list {
		note := ""
		if c.note != "" {
			note = " // " + c.note
		}
		fmt.Fprintf(b, "  %s: %s,%s\n", c.name, c.value, note)
	}
	fmt.Fprintf(b, "} as const;\nexport type %s = keyof typeof %s;\n", as, as)
}

// word is a constant as the page knows it.
type word struct {
	name, note string
	value      constant.Value
}

// goPackage is what one folder's Go declares.
type goPackage struct {
	*types.Package
	files []*ast.File
}

// goSource reads this module's packages. Of others nothing is known: no constant
// of the page's depends on them.
type goSource struct {
	root string
	set  token.FileSet
	read map[string]*goPackage // by folder
}

// Import implements types.Importer.
func (s *goSource) Import(path string) (*types.Package, error) {
	dir, ours := strings.CutPrefix(path, "semirest/")
	if !ours {
		return nil, fmt.Errorf("%s is not read", path)
	}
	p, err := s.folder(dir)
	if err != nil {
		return nil, err
	}
	return p.Package, nil
}

func (s *goSource) folder(dir string) (*goPackage, error) {
	if p := s.read[dir]; p != nil {
		return p, nil
	}
	names, err := filepath.Glob(filepath.Join(s.root, filepath.FromSlash(dir), "*.go"))
	if err != nil {
		return nil, err
	}
	p := &goPackage{}
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(&s.set, name, nil, parser.ParseComments)
		if err != nil {
			return nil, err
		}
		p.files = append(p.files, f)
	}
	// Errors are about what is not read; a constant that suffers is found missing.
	cfg := types.Config{Importer: s, Error: func(error) {}, IgnoreFuncBodies: true}
	p.Package, _ = cfg.Check("semirest/"+dir, &s.set, p.files, nil)
	s.read[dir] = p
	return p, nil
}

// constants are a type's, in the order of the source, by the page's names.
func (p *goPackage) constants(of *types.TypeName, prefix string) []word {
	var list []word
	for _, f := range p.files {
		for _, d := range f.Decls {
			g, ok := d.(*ast.GenDecl)
			if !ok || g.Tok != token.CONST {
				continue
			}
			for _, s := range g.Specs {
				v := s.(*ast.ValueSpec)
				for _, id := range v.Names {
					c, ok := p.Scope().Lookup(id.Name).(*types.Const)
					if !ok || c.Type() != of.Type() {
						continue
					}
					// Constants that only count the others go by the plural, which is no name below the prefix.
					name, prefixed := strings.CutPrefix(id.Name, prefix)
					if prefixed && name != "" && !unicode.IsUpper(rune(name[0])) && !unicode.IsDigit(rune(name[0])) {
						continue
					}
					list = append(list, word{lower(name), sentence(v.Comment.Text()), c.Val()})
				}
			}
		}
	}
	return list
}

// say writes where a type or constant comes from and the first sentence that is
// said of it there.
func (p *goPackage) say(b *strings.Builder, name string) {
	doc := ""
	for _, f := range p.files {
		for _, d := range f.Decls {
			g, ok := d.(*ast.GenDecl)
			if !ok {
				continue
			}
			for _, s := range g.Specs {
				switch s := s.(type) {
				case *ast.TypeSpec:
					if s.Name.Name == name {
						doc = g.Doc.Text() + s.Doc.Text()
					}
				case *ast.ValueSpec:
					if s.Names[0].Name != name {
						continue
					}
					if doc = s.Doc.Text() + s.Comment.Text(); len(g.Specs) == 1 {
						doc += g.Doc.Text()
					}
				}
			}
		}
	}
	said := strings.TrimPrefix(sentence(doc), name)
	fmt.Fprintf(b, "\n/** %s.%s%s */\n", filepath.Base(p.Path()), name, said)
}

// sentence is a comment's first sentence, in a line.
func sentence(comment string) string {
	text := strings.Join(strings.Fields(comment), " ")
	if at := strings.Index(text, ". "); at >= 0 {
		text = text[:at+1]
	}
	return text
}

// lower begins a name small, as TypeScript has it.
func lower(name string) string {
	if name == "" {
		return ""
	}
	return strings.ToLower(name[:1]) + name[1:]
}
