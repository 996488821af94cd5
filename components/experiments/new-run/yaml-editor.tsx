"use client";
import { yaml } from "@codemirror/lang-yaml";
import { type Diagnostic, lintGutter, linter } from "@codemirror/lint";
import { EditorView } from "@codemirror/view";
import { useComputedColorScheme } from "@mantine/core";
import { HighlightStyle, syntaxHighlighting } from "@codemirror/language";
import { tags } from "@lezer/highlight";
import CodeMirror from "@uiw/react-codemirror";
import { useMemo } from "react";
import type { FieldIssue } from "../../../domain/shared/errors.ts";

const WORDS = syntaxHighlighting(
  HighlightStyle.define([
    { tag: [tags.propertyName, tags.definition(tags.propertyName)], color: "var(--accent)" },
    { tag: [tags.string, tags.content], color: "var(--mantine-color-text)" },
    { tag: [tags.number, tags.bool, tags.null], color: "var(--tone-active)" },
    { tag: tags.comment, color: "var(--text-faint)", fontStyle: "italic" },
    { tag: [tags.punctuation, tags.separator, tags.meta], color: "var(--mantine-color-dimmed)" },
  ]),
);
const LOOK = EditorView.theme({ "&": { color: "var(--mantine-color-text)" }, ".cm-content": { caretColor: "var(--mantine-color-text)" }, ".cm-activeLine, .cm-activeLineGutter": { background: "var(--row-hover)" } });

/** Loaded when the page is shown: an editor is a lot of script. Issues stand at their lines. */
export function YamlEditor({ text, issues, onChange }: { text: string; issues: readonly FieldIssue[]; onChange: (text: string) => void }) {
  const scheme = useComputedColorScheme("light");
  const extensions = useMemo(
    () => [
      yaml(), WORDS, LOOK, lintGutter(),
      EditorView.lineWrapping,
      EditorView.contentAttributes.of({ "aria-label": "Spec as YAML" }),
      linter((view): Diagnostic[] => issues.map(({ line, field, message }) => {
        const at = view.state.doc.line(Math.min(view.state.doc.lines, Math.max(1, line ?? 1)));
        return { from: at.from, to: at.to, severity: "error", message: field ? `${field}: ${message}` : message };
      }), { delay: 100 }),
    ],
    [issues],
  );
  return <CodeMirror value={text} onChange={onChange} extensions={extensions} theme={scheme} indentWithTab={false} basicSetup={{ foldGutter: false, highlightActiveLineGutter: true, autocompletion: false, syntaxHighlighting: false }} />;
}
