"use client";
import { Button, Textarea } from "@mantine/core";
import { useMutation, useSuspenseInfiniteQuery } from "@tanstack/react-query";
import { useState } from "react";
import type { ReportComment } from "../../../domain/experiments/report-view.ts";
import type { Allowed } from "../../../domain/experiments/run-view.ts";
import { BY_CURSOR, moreOf } from "../../access/pages.ts";
import { useTRPC } from "../../providers/api.tsx";
import { confirmAct } from "../../ui/confirm.tsx";
import { Guarded } from "../../ui/guarded.tsx";
import { LoadMore } from "../../ui/load-more.tsx";
import { notifyError } from "../../ui/notify.ts";
import { Section } from "../../ui/page-header.tsx";
import { Ago } from "../../ui/time.tsx";
import classes from "./reports.module.css";
import { pagesInput } from "./reports-params.ts";

const MAX = 10_000;

/** What people say to a report, oldest first. */
export function ReportComments({ id, allowed }: { id: string; allowed: Allowed }) {
  const trpc = useTRPC();
  const query = useSuspenseInfiniteQuery(trpc.reports.comments.infiniteQueryOptions(pagesInput(id), BY_CURSOR));
  const comments = query.data.pages.flatMap((page) => page.items);
  const more = moreOf(query);
  return (
    <Section title="Comments" count={comments.length}>
      <ol className={classes.comments} aria-label="Comments">
        {comments.map((comment) => <Comment key={comment.id} comment={comment} />)}
      </ol>
      <LoadMore more={more} words="Show more" />
      <NewComment id={id} allowed={allowed} />
    </Section>
  );
}

function Comment({ comment }: { comment: ReportComment }) {
  const remove = useMutation(useTRPC().reports.deleteComment.mutationOptions({ onError: notifyError("The comment was not deleted") }));
  const ask = () => confirmAct({ title: "Delete your comment?", effect: "It goes for everybody; the audit log keeps what it said.", verb: "Delete comment", onConfirm: () => remove.mutate({ id: comment.id }) });
  return (
    <li>
      <div className={classes.commentHead}>
        <strong>{comment.authorName}</strong>
        <span className="dim"><Ago at={comment.createdAt} /></span>
        {comment.mine && <Button variant="subtle" color="gray" size="compact-xs" loading={remove.isPending} onClick={ask}>Delete</Button>}
      </div>
      <p className={classes.commentText}>{comment.body}</p>
    </li>
  );
}

function NewComment({ id, allowed }: { id: string; allowed: Allowed }) {
  const [text, setText] = useState("");
  const add = useMutation(useTRPC().reports.comment.mutationOptions({ onSuccess: () => setText(""), onError: notifyError("The comment was not added") }));
  const send = () => text.trim() !== "" && add.mutate({ id, body: text });
  return (
    <form className={classes.newComment} onSubmit={(event) => { event.preventDefault(); send(); }}>
      <Textarea aria-label="Comment" placeholder={allowed.ok ? "What do you see in it?" : allowed.reason} disabled={!allowed.ok} autosize minRows={2} maxRows={10} maxLength={MAX} value={text} onChange={(event) => setText(event.currentTarget.value)} onKeyDown={(event) => (event.metaKey || event.ctrlKey) && event.key === "Enter" && send()} />
      <Guarded allowed={allowed}><Button type="submit" variant="default" loading={add.isPending}>Comment</Button></Guarded>
    </form>
  );
}
