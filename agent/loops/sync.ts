import { writeFile } from "node:fs/promises";
import type { z } from "zod";
import type { AttemptRecord } from "../attempts/record.ts";
import type { Supervisor } from "../attempts/supervisor.ts";
import type { Bell } from "../backoff.ts";
import { type Driver, NotNow } from "../drivers/driver.ts";
import { failpoint } from "../failpoint.ts";
import type { ServerClient } from "../identity/client.ts";
import { withinPolicy, type Policy } from "../policy.ts";
import { AGENT_PATHS, type AttemptReport, EARLIER_WAIT_SECONDS, inWordsOf, LATER_CAUSES, LIMITS, type NodeReport, PROTOCOL_VERSION, type SchedulerReport, type Sync, SyncReply } from "../protocol/messages.ts";
import { forever } from "./loop.ts";

/** How long after its time a waiting poll may still be answered; then it is lost. */
const ANSWER_SECONDS = 20;
/** The same of one with news, of which the server has more to do. */
const NEWS_SECONDS = 60;
/** However short the lease, a busy server has so long. */
const LEAST_SECONDS = 5;

/** A connection may have died in silence: what is sent on it is given up early enough for another exchange within the lease. */
function patienceMs(waitSeconds: number, leaseSeconds: number): number {
  const most = waitSeconds > 0 ? waitSeconds + ANSWER_SECONDS : NEWS_SECONDS;
  return Math.floor(Math.min(most, Math.max(LEAST_SECONDS, (leaseSeconds * 2) / 3)) * 1000);
}

/** Of one message, reports take at most so much: half of what a server takes. */
const REPORTS_BYTES = LIMITS.jsonBody / 2;
const REPORTS = 5_000;
/** While an attempt is on its way to its start, what is known of the cluster may be so old: to ask a scheduler takes processes, and those take turns with the start's. */
const KEPT_MS = 10_000;

/** As many from the first on as one message holds: an outage may leave thousands of ends, each with its last lines. */
function inOneMessage(reports: readonly AttemptReport[]): AttemptReport[] {
  let bytes = 0;
  const end = reports.findIndex((report, at) => at > 0 && (at >= REPORTS || (bytes += Buffer.byteLength(JSON.stringify(report))) > REPORTS_BYTES));
  return reports.slice(0, end < 0 ? reports.length : end);
}

export interface SyncParts {
  client: ServerClient;
  supervisor: Supervisor;
  driver: Driver;
  policy: Policy;
  /** Rung when there is something to tell: a waiting poll is then given up. */
  news: Bell;
  /** Told which nodes Drover gives no new work. */
  drained: (nodes: readonly string[]) => void;
  /** Told which servers want a tunnel. */
  tunnels: (servers: readonly string[]) => void;
  /** Where `status` reads when the server was last heard. */
  contactFile: string;
}

/**
 * Says what this cluster has and did; hears what is wanted. A sync with news asks for an answer at once and is never given
 * up; one without waits at the server and is given up as soon as there is news.
 */
export class SyncLoop {
  private readonly parts: SyncParts;
  /** "": the next answer is the whole picture. */
  private hash = "";
  private nodesSent = "";
  private schedulerSent = "";
  private heardAt = -Infinity;
  private askedAt = -Infinity;
  /** Causes of an end that the server takes. Null: it has not said yet, and what needs one of them waits for its first answer. */
  private takes: readonly string[] | null = null;
  private longestWait = EARLIER_WAIT_SECONDS;

  constructor(parts: SyncParts) {
    this.parts = parts;
  }

  run(signal: AbortSignal): Promise<void> {
    return forever("sync", signal, () => this.turn(signal), this.parts.client.outage);
  }

  /** One exchange, and what follows from its answer. */
  async turn(signal: AbortSignal): Promise<void> {
    const message = await this.message();
    const reply = message.waitSeconds > 0 ? await this.poll(message, signal) : await this.send(message, signal);
    if (!reply) return; // given up for news
    failpoint("agent.sync.after-answer");
    await this.apply(reply, message);
    failpoint("agent.sync.after-apply");
  }

  private async message(): Promise<Sync> {
    const { supervisor, client } = this.parts;
    const records = supervisor.records();
    const reports = records.filter((record) => !record.orphan && record.report.seq > record.acked).map((record) => record.report);
    reports.push(...supervisor.ghosts.values());
    const { takes } = this;
    const told = takes ? reports.map((report) => inWordsOf(takes, report)) : reports.filter(({ exit }) => !exit || !LATER_CAUSES[exit.cause]);
    const { nodes, scheduler } = await this.cluster(records);
    const isNew = nodes !== null && JSON.stringify(nodes) !== this.nodesSent;
    const schedulerIsNew = scheduler !== null && JSON.stringify(scheduler) !== this.schedulerSent;
    const hasNews = told.length > 0 || isNew || schedulerIsNew;
    return {
      version: PROTOCOL_VERSION,
      desiredHash: this.hash,
      known: records.map((record) => record.id),
      reports: inOneMessage(told), // the rest goes with the next one, at once
      nodes: isNew ? nodes : null,
      ...(schedulerIsNew ? { scheduler } : {}),
      waitSeconds: hasNews ? 0 : Math.max(1, Math.min(LIMITS.longPollSeconds, this.longestWait, Math.floor(client.leaseSeconds / 3))),
    };
  }

  /** Null: it stays as the server has it. */
  private async cluster(records: readonly AttemptRecord[]): Promise<{ nodes: NodeReport[] | null; scheduler: SchedulerReport | null }> {
    const isStarting = records.some(({ report }) => report.state === "accepted" && !report.scheduler);
    if (isStarting && performance.now() - this.askedAt < KEPT_MS) return { nodes: null, scheduler: null };
    this.askedAt = performance.now();
    return { nodes: await this.nodes(), scheduler: (await this.parts.driver.scheduler?.()) ?? null };
  }

  /** Null where the scheduler cannot tell of them. */
  private async nodes(): Promise<NodeReport[] | null> {
    const { driver, supervisor, policy } = this.parts;
    try {
      return (await driver.inventory(supervisor.holders())).map((node) => withinPolicy(policy, node));
    } catch (error) {
      if (error instanceof NotNow) return null;
      throw error;
    }
  }

  private send(message: Sync, signal: AbortSignal): Promise<z.infer<typeof SyncReply>> {
    failpoint("agent.sync.before-send");
    this.longestWait = EARLIER_WAIT_SECONDS; // until it answers: an earlier server, in its place again, would refuse more
    const { client } = this.parts;
    return client.json(AGENT_PATHS.sync, message, SyncReply, signal, patienceMs(message.waitSeconds, client.leaseSeconds));
  }

  /** Null where it was given up because something happened here. */
  private async poll(message: Sync, signal: AbortSignal): Promise<z.infer<typeof SyncReply> | null> {
    const news = new AbortController();
    const over = new AbortController();
    const waiting = this.parts.news.wait(60_000, over.signal).then(() => {
      if (!over.signal.aborted) news.abort();
    });
    try {
      return await this.send(message, AbortSignal.any([signal, news.signal]));
    } catch (error) {
      if (news.signal.aborted && !signal.aborted) return null;
      throw error;
    } finally {
      over.abort();
      await waiting;
    }
  }

  private async apply(reply: z.infer<typeof SyncReply>, message: Sync): Promise<void> {
    const { supervisor, client } = this.parts;
    client.leaseSeconds = reply.leaseSeconds;
    this.takes = reply.takes ?? [];
    this.longestWait = reply.longestWait ?? EARLIER_WAIT_SECONDS;
    void this.noteContact(); // no order waits for it
    if (message.nodes) this.nodesSent = JSON.stringify(message.nodes as NodeReport[]);
    if (message.scheduler) this.schedulerSent = JSON.stringify(message.scheduler);
    if (reply.drainedNodes) this.parts.drained(reply.drainedNodes);
    if (reply.tunnels) this.parts.tunnels(reply.tunnels);
    for (const { attemptId, seq } of reply.acked) await this.acknowledge(attemptId, seq);
    for (const attemptId of reply.stale) {
      supervisor.ghosts.delete(attemptId);
      await supervisor.abandon(attemptId, "Its fence is stale: the server has given this attempt up.");
    }
    if (!reply.desired) return;
    this.hash = ""; // until all of it is journaled
    await supervisor.apply(reply.desired);
    this.hash = reply.desiredHash;
  }

  private async acknowledge(attemptId: string, seq: number): Promise<void> {
    const { supervisor } = this.parts;
    supervisor.ghosts.delete(attemptId);
    const record = supervisor.find(attemptId);
    if (!record) return;
    record.acked = Math.max(record.acked, seq);
    if (record.report.drained && record.acked >= record.report.seq) await supervisor.forget(attemptId);
  }

  private async noteContact(): Promise<void> {
    const now = performance.now();
    if (now - this.heardAt < 5_000) return;
    this.heardAt = now;
    await writeFile(this.parts.contactFile, JSON.stringify({ at: Date.now() })).catch(() => {});
  }
}
