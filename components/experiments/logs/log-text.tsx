import { memo } from "react";
import { plainLine, renderLine } from "../../../domain/experiments/log-lines.ts";
import { formatBytes } from "../../../domain/shared/format.ts";
import { ansiSpans, markSpans, rangesOf, type Span } from "./ansi.ts";

/** Characters of one line that are drawn; the download has all of it. */
const MAX_DRAWN = 8000;

/** One line's words as a terminal would show them, with its colours and what the search found in it. */
export const LogText = memo(function LogText({ text, pattern }: { text: string; pattern: RegExp | null }) {
  const rendered = renderLine(text);
  const cut = rendered.length > MAX_DRAWN ? rendered.slice(0, MAX_DRAWN) : rendered;
  const spans = markSpans(ansiSpans(cut), pattern ? rangesOf(plainLine(cut), pattern) : []);
  return (
    <>
      {spans.map((span, index) => <Piece key={index} span={span} />)}
      {cut !== rendered && <i className="dim"> … {formatBytes(rendered.length - cut.length)} more on this line, in the download</i>}
    </>
  );
});

function Piece({ span }: { span: Span }) {
  if (span.marked) return <mark style={span.style}>{span.text}</mark>;
  return span.style ? <span style={span.style}>{span.text}</span> : span.text;
}
