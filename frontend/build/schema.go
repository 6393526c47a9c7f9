package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"go.yaml.in/yaml/v4"
)

// schemaFile is frontend/src/schema.ts: the JSON of server/web/openapi.yaml as
// TypeScript's types. Every schema becomes a type by its name; Answers has what
// each operation answers with, by its operationId.
//
// It knows what that file uses of OpenAPI 3.0: objects, arrays, records, enums,
// nullable, allOf and references into the file.
func schemaFile(root string) ([]byte, error) {
	text, err := os.ReadFile(filepath.Join(root, "server", "web", "openapi.yaml"))
	if err != nil {
		return nil, err
	}
	var file yaml.Node
	if err := yaml.Unmarshal(text, &file); err != nil {
		return nil, fmt.Errorf("openapi.yaml: %w", err)
	}
	w := &schemaWriter{file: file.Content[0]}
	w.WriteString("// Written by frontend/build from server/web/openapi.yaml: change that and run 'make wasm'.\n")
	for name, schema := range pairs(at(w.file, "components", "schemas")) {
		w.WriteByte('\n')
		w.say("", schema)
		fmt.Fprintf(w, "export type %s = %s;\n", name, w.typeOf(schema, ""))
	}
	w.WriteString("\n/** What each operation answers with where it answers with JSON. */\nexport interface Answers {\n")
	for _, path := range pairs(at(w.file, "paths")) {
		for _, operation := range pairs(path) {
			if schema := w.answer(operation); schema != nil {
				w.say("  ", operation)
				fmt.Fprintf(w, "  %s: %s;\n", at(operation, "operationId").Value, w.typeOf(schema, "  "))
			}
		}
	}
	w.WriteString("}\n")
	return []byte(w.String()), w.err
}

type schemaWriter struct {
	strings.Builder
	file *yaml.Node
	err  error // the first thing that this program does not know
}

// answer is the JSON schema of the first good answer of an operation; nil where
// there is none.
func (w *schemaWriter) answer(operation *yaml.Node) *yaml.Node {
	for status, answer := range pairs(at(operation, "responses")) {
		if strings.HasPrefix(status, "2") {
			return at(w.follow(answer), "content", "application/json", "schema")
		}
	}
	return nil
}

// follow gives what a reference stands for.
func (w *schemaWriter) follow(n *yaml.Node) *yaml.Node {
	ref := at(n, "$ref")
	if ref == nil {
		return n
	}
	return at(w.file, strings.Split(strings.TrimPrefix(ref.Value, "#/"), "/")...)
}

// say writes what is said of a type, a field or an operation.
func (w *schemaWriter) say(indent string, n *yaml.Node) {
	for _, key := range []string{"description", "summary"} {
		if text := at(n, key); text != nil {
			fmt.Fprintf(w, "%s/** %s */\n", indent, strings.Join(strings.Fields(text.Value), " "))
			return
		}
	}
}

func (w *schemaWriter) typeOf(n *yaml.Node, indent string) string {
	if ref := at(n, "$ref"); ref != nil {
		name, ok := strings.CutPrefix(ref.Value, "#/components/schemas/")
		if !ok {
			w.fail(n, "a reference to something else than a schema")
		}
		return name
	}
	t := w.plain(n, indent)
	if null := at(n, "nullable"); null != nil && null.Value == "true" {
		t += " | null"
	}
	return t
}

func (w *schemaWriter) plain(n *yaml.Node, indent string) string {
	if all := at(n, "allOf"); all != nil {
		return w.joined(all, " & ", indent)
	}
	if values := at(n, "enum"); values != nil {
		var list []string
		for _, v := range values.Content {
			list = append(list, fmt.Sprintf("%q", v.Value))
		}
		return strings.Join(list, " | ")
	}
	kind := at(n, "type")
	if kind == nil {
		w.fail(n, "a schema without a type")
		return "unknown"
	}
	switch kind.Value {
	case "string":
		return "string"
	case "integer", "number":
		return "number"
	case "boolean":
		return "boolean"
	case "array":
		item := w.typeOf(at(n, "items"), indent)
		if strings.ContainsAny(item, "|&") && !strings.HasPrefix(item, "{") {
			item = "(" + item + ")"
		}
		return item + "[]"
	case "object":
		return w.object(n, indent)
	}
	w.fail(n, "the type "+kind.Value)
	return "unknown"
}

func (w *schemaWriter) joined(list *yaml.Node, by, indent string) string {
	var parts []string
	for _, n := range list.Content {
		parts = append(parts, w.typeOf(n, indent))
	}
	return strings.Join(parts, by)
}

func (w *schemaWriter) object(n *yaml.Node, indent string) string {
	properties := at(n, "properties")
	if properties == nil {
		if more := at(n, "additionalProperties"); more != nil && more.Kind == yaml.MappingNode {
			return "Record<string, " + w.typeOf(more, indent) + ">"
		}
		return "Record<string, unknown>"
	}
	required := map[string]bool{}
	if list := at(n, "required"); list != nil {
		for _, r := range list.Content {
			required[r.Value] = true
		}
	}
	inner := &schemaWriter{file: w.file}
	inner.WriteString("{\n")
	for name, p := range pairs(properties) {
		if at(p, "$ref") == nil {
			inner.say(indent+"  ", p)
		}
		mark := "?"
		if required[name] {
			mark = ""
		}
		fmt.Fprintf(inner, "%s  %s%s: %s;\n", indent, name, mark, inner.typeOf(p, indent+"  "))
	}
	inner.WriteString(indent + "}")
	if inner.err != nil && w.err == nil {
		w.err = inner.err
	}
	return inner.String()
}

func (w *schemaWriter) fail(n *yaml.Node, what string) {
	if w.err == nil {
		w.err = fmt.Errorf("openapi.yaml, line %d: %s, which frontend/build/schema.go does not know", n.Line, what)
	}
}

// at goes down into mappings; nil where a key is missing.
func at(n *yaml.Node, keys ...string) *yaml.Node {
	for _, key := range keys {
		var found *yaml.Node
		for k, v := range pairs(n) {
			if k == key {
				found = v
			}
		}
		if n = found; n == nil {
			return nil
		}
	}
	return n
}

// pairs goes over a mapping in the file's order.
func pairs(n *yaml.Node) func(yield func(string, *yaml.Node) bool) {
	return func(yield func(string, *yaml.Node) bool) {
		if n == nil || n.Kind != yaml.MappingNode {
			return
		}
		for i := 0; i+1 < len(n.Content); i += 2 {
			if !yield(n.Content[i].Value, n.Content[i+1]) {
				return
			}
		}
	}
}
