// Runs turns: tokens in, finished turns out. Claims what waits in a session, runs it by its kind, and ends it in one
// transaction: rows done, answers stored, replies queued.

import { EngineStops, type TurnOutcome, type TurnPorts } from '../../agent/port.ts'
import { runAgentTurn } from '../../agent/turn.ts'
import type { Attachment, InboundMessage, StoredFile } from '../../channels/port.ts'
import { StateError } from '../../errors.ts'
import type { AgentPlan } from '../../plan/plan.ts'
import { needsReset, resetEntry } from '../../sessions/reset.ts'
import { abortSignal, Stop, type StopSignal } from '../../stop.ts'
import type { Claim, InboxRow, NewInboxRow, NewOutboxRow, StoredAnswer, Token } from '../../storage/ports.ts'
import type { LateApprovals } from '../approvals/late-approvals.ts'
import type { FlowGate } from '../flow/flow-gate.ts'
import { savedToInbox } from '../inbound/inbox-files.ts'
import { transcribed } from '../inbound/media.ts'
import type { Delivery } from '../outbound/delivery.ts'
import type { GrowingReply, ReplyProgress } from '../outbound/reply-progress.ts'
import { createSpawn } from '../tools/spawn.ts'
import type { ToolEnvironment } from '../tools/tool-environment.ts'
import type { ToolGate } from '../tools/tool-gate.ts'
import type { Generation, World } from '../world.ts'
import type { Answers } from './answers.ts'
import { conversationEntries } from './caller-conversation.ts'
import type { Compactor } from './compactor.ts'
import { heartbeatDeliveries } from './heartbeat-turns.ts'
import type { HeartbeatPayload, MessagePayload } from './inbox-work.ts'
import type { ModelCalls } from './model-calls.ts'
import { replyPrefix, type TurnContext, turnContext } from './turn-context.ts'

export interface TurnRunnerParts {
  readonly gate: ToolGate
  readonly flow: FlowGate
  readonly models: ModelCalls
  readonly compactor: Compactor
  readonly delivery: Pick<Delivery, 'wake'>
  readonly progress: Pick<ReplyProgress, 'begin'>
  readonly lateApprovals: Pick<LateApprovals, 'run'>
  readonly answers: Pick<Answers, 'wait'>
  readonly environment: Pick<ToolEnvironment, 'pathsOf'>
}

interface RunningTurn {
  readonly agentId: string
  readonly stop: Stop
  ended: Promise<void>
}

/** What every event of a turn carries. */
interface TurnHead {
  readonly sessionKey: string
  readonly agentId: string
  readonly run: string
  readonly messageIds: readonly string[]
}

interface ReadyRows {
  readonly rows: readonly InboxRow[]
  readonly attachments: readonly StoredFile[]
}

const NO_FILES: readonly StoredFile[] = []
const GONE = 'This agent is no longer here.'
/** A turn that was begun so often and never ended takes the process down with it; it is given up. */
const MAX_ATTEMPTS = 25
const POISON = 'I could not finish this, however often I tried. Please ask in another way.'
const BROKEN = 'Something went wrong on my side. Please try again.'
const MOST_TOGETHER = 50
const STOPPED = 'Stopped before it began.'
/** A turn that does not end so long after it was stopped is not waited for. */
const STOP_PATIENCE_MS = 5_000

/** One reply a run, whatever process ends it. */
const replyKey = ({ run }: Claim): string => `reply:${run}`

/** What the caller said before, where it keeps the conversation itself. */
const conversationOf = ({ kind, payload }: InboxRow): MessagePayload['conversation'] =>
  kind === 'message' ? (payload as MessagePayload | undefined)?.conversation : undefined

/** All that its calls sent and said is more than the session takes now. */
function mayBeLong({ compaction }: AgentPlan, { usage }: TurnOutcome): boolean {
  const most = usage === undefined ? 0 : usage.input + usage.output
  return most === 0 || most >= compaction.contextWindow * compaction.threshold
}

/** A sub-agent's session ends with its answer; all others are spoken in again, heartbeats' too, and are summarised ahead. */
const goesOn = ({ kind }: InboxRow): boolean => kind !== 'spawn'

export class TurnRunner {
  readonly #world: World
  readonly #parts: TurnRunnerParts
  /** By session. */
  readonly #running = new Map<string, RunningTurn>()
  /** By session: when somebody stopped it last. What came before that is not begun any more. */
  readonly #stoppedAt = new Map<string, number>()
  readonly #debounces = new Map<string, () => void>()
  /** By run: see TurnPorts. Kept while a run could not be ended. */
  readonly #unsaved = new Map<string, TurnPorts['unsaved']>()

  constructor(world: World, parts: TurnRunnerParts) {
    this.#world = world
    this.#parts = parts
  }

  readonly #spawn = (turn: TurnContext, key: string) =>
    createSpawn(this.#world, { turns: this, answers: this.#parts.answers, labels: this.#parts.flow.labels }, turn, key)

  /** Queues the work of a stored row, or interrupts the turn that runs, as the agent's queue settings say. */
  enqueue(agent: AgentPlan, row: NewInboxRow): void {
    const { clock, storage } = this.#world
    const token: Token = { session: row.session, agentId: row.agentId, lane: row.lane }
    if (agent.queue.whenBusy === 'interrupt' && row.kind === 'message') this.interrupt(row.session)
    if (agent.queue.debounceMs === 0 || row.kind !== 'message') {
      void storage.queue.enqueue(token)
      return
    }
    this.#debounces.get(row.session)?.()
    const cancel = clock.after(agent.queue.debounceMs, () => {
      this.#debounces.delete(row.session)
      void storage.queue.enqueue(token)
    })
    this.#debounces.set(row.session, cancel)
  }

  /** Ends the running turn of a session; false: none runs. */
  interrupt(session: string): boolean {
    const turn = this.#running.get(session)
    turn?.stop.abort()
    return turn !== undefined
  }

  /**
   * Ends the running turn of a session, all it started, and what waits in the session, wherever it waits. Resolves when nothing of
   * that is left, or runs on in spite of it for long; false: there was nothing.
   */
  async stop(session: string): Promise<boolean> {
    const { clock, storage } = this.#world
    this.#stoppedAt.set(session, clock.now())
    const running = this.#running.get(session)
    running?.stop.abort()
    if (running !== undefined) {
      const patience = new Promise<void>((resolve) => clock.after(STOP_PATIENCE_MS, resolve))
      await Promise.race([running.ended.catch(() => {}), patience])
    }
    let left = await storage.inbox.waiting(session)
    const wasThere = running !== undefined || left > 0
    for (; left > 0; left--) {
      const claim = await storage.inbox.claimNext(session)
      // Its turn has it by now, and looks itself.
      if (claim === null) break
      await this.#finishStopped(claim)
    }
    return wasThere
  }

  isRunning(session: string): boolean {
    return this.#running.has(session)
  }

  /** Ends every running turn, or one agent's. */
  interruptAll(agentId?: string): void {
    for (const turn of this.#running.values()) if (agentId === undefined || turn.agentId === agentId) turn.stop.abort()
  }

  /** Stops running turns without an answer, so that the next process resumes them. Resolves when nothing runs. */
  async detach(): Promise<void> {
    for (const turn of this.#running.values()) turn.stop.abort(new EngineStops())
    await Promise.allSettled([...this.#running.values()].map(({ ended }) => ended))
  }

  /** Runs what waits in the token's session, in one turn. `noop`: nothing did, or the agent is stopped. */
  async run(token: Token): Promise<'done' | 'noop'> {
    const { storage, generations } = this.#world
    if (storage.halts.cached.stopped.has(token.agentId)) return 'noop'
    const generation = generations.now
    const agent = generation.plan.agents.get(token.agentId)
    const together =
      agent !== undefined &&
      !this.#stoppedAt.has(token.session) &&
      (agent.queue.whenBusy === 'collect' || agent.queue.debounceMs > 0)
    const claim = await storage.inbox.claimNext(token.session, { all: together, max: MOST_TOGETHER })
    if (claim === null) return 'noop'
    if (this.#isStopped(claim)) {
      await this.#finishStopped(claim)
      return 'done'
    }
    const turn: RunningTurn = { agentId: token.agentId, stop: new Stop(), ended: Promise.resolve() }
    this.#running.set(token.session, turn)
    // A halt that came while it was claimed found nothing to end.
    if (storage.halts.cached.stopped.has(token.agentId)) turn.stop.abort()
    try {
      turn.ended = this.#runClaim(generation, token, claim, turn.stop)
      await turn.ended
    } catch (error) {
      if (!(turn.stop.reason instanceof EngineStops)) throw error
    } finally {
      this.#running.delete(token.session)
    }
    return 'done'
  }

  async #runClaim(generation: Generation, token: Token, claim: Claim, signal: StopSignal): Promise<void> {
    const { clock, storage } = this.#world
    const started = clock.now()
    const first = claim.rows[0]
    if (first === undefined) return
    const { plan } = generation
    const agent = plan.agents.get(first.agentId)
    const messageIds = claim.rows.map((row) => row.messageId)
    const head: TurnHead = { sessionKey: token.session, agentId: first.agentId, run: claim.run, messageIds }
    if (first.kind === 'deliver') return await this.#appendDelivered(claim, first)
    if (agent === undefined) return await this.#finish(claim, { text: GONE, isError: true }, head, started)
    if (first.attempts > MAX_ATTEMPTS) return await this.#giveUp(claim, first, agent, head, started)
    if (first.kind === 'compact') {
      await this.#compact(plan, agent, token.session, signal, { onlyIfNeeded: true })
      return await storage.inbox.finish(claim, { answers: [], outbox: [] })
    }
    this.#world.emit({ type: 'turn_start', ...head })
    const reply = { key: replyKey(claim), prefix: replyPrefix(agent), session: token.session, resumed: claim.resumed }
    const growing = this.#parts.progress.begin(plan, reply, claim.rows.at(-1)?.replyTo)
    const turn = turnContext(plan, agent, claim, {
      tools: generation.registry.tools,
      withheld: this.#world.mcp.withheld,
      signal,
      spawn: this.#spawn,
    })
    const outcome = await this.#outcomeOf(turn, first, growing)
    await this.#finish(claim, outcome, head, started, agent, growing)
    if (conversationOf(first) !== undefined) {
      await this.#parts.flow.labels.clear({ key: token.session, agentId: agent.id })
      return await this.#world.storage.transcripts.remove(token.session, agent.id)
    }
    if (!outcome.isError && goesOn(first) && mayBeLong(agent, outcome))
      await this.#parts.compactor.considerAhead(agent, token.session)
  }

  async #outcomeOf(turn: TurnContext, first: InboxRow, growing: GrowingReply | null): Promise<TurnOutcome> {
    const { world, parts } = { world: this.#world, parts: this.#parts }
    const ports: TurnPorts = {
      store: world.storage.transcripts,
      clock: world.clock,
      unsaved: this.#unsavedOf(turn.claim.run),
      emit:
        growing === null
          ? world.emit
          : (event) => {
              world.emit(event)
              growing.update(event)
            },
      callModel: parts.models.call,
      callTool: (_, call) => parts.gate.call(turn, call),
      compact: (t, below) => this.#compact(t.plan, t.agent, t.session.key, t.signal, { below }),
    }
    try {
      await this.#resetIfDue(turn)
      await this.#beginConversation(turn, first)
      if (turn.claim.rows.some(({ message }) => message !== undefined && bringsOthersWords(message)))
        await this.#parts.flow.begin(turn)
      const { rows, attachments } = await this.#readyRows(turn, first)
      return await runAgentTurn({ ...turn, attachments, claim: { ...turn.claim, rows } }, ports)
    } catch (error) {
      if (turn.signal.reason instanceof EngineStops) throw error
      if (error instanceof StateError) {
        // No answer: what the disk cannot take now is tried again when it can.
        await world.storage.inbox.putBack(turn.claim)
        throw error
      }
      world.log.error(
        { session: first.session, run: turn.claim.run, error: error instanceof Error ? error.stack : String(error) },
        'a turn failed',
      )
      return { text: BROKEN, isError: true }
    }
  }

  /** A summary is a model's answer, too: the lane need not wait for it. */
  readonly #compact: Compactor['run'] = async (plan, agent, session, ...more) => {
    const { queue } = this.#world.storage
    queue.listens(session)
    try {
      return await this.#parts.compactor.run(plan, agent, session, ...more)
    } finally {
      queue.heard(session)
    }
  }

  /** The caller keeps the conversation, and said what came before. */
  async #beginConversation(turn: TurnContext, first: InboxRow): Promise<void> {
    const conversation = conversationOf(first)
    if (conversation === undefined) return
    const entries = conversationEntries(turn.claim.run, conversation, this.#world.clock.now())
    await this.#world.storage.transcripts.append(turn.session.key, turn.agent.id, entries)
  }

  #unsavedOf(run: string): TurnPorts['unsaved'] {
    const known = this.#unsaved.get(run) ?? new Map()
    this.#unsaved.set(run, known)
    return known
  }

  /** Rows as the model gets them: what was approved has run, files lie in the inbox, and speech is text. */
  async #readyRows(turn: TurnContext, first: InboxRow): Promise<ReadyRows> {
    const { lateApprovals, gate } = this.#parts
    if (first.kind === 'approval') {
      const { text, attachments = NO_FILES } = await lateApprovals.run(turn, first, gate)
      return { rows: [{ ...first, content: text }], attachments }
    }
    const { rows } = turn.claim
    if (!rows.some(({ message }) => message?.media !== undefined)) return { rows, attachments: NO_FILES }
    return { rows: await Promise.all(rows.map((row) => this.#withMedia(turn, row))), attachments: NO_FILES }
  }

  async #withMedia(turn: TurnContext, row: InboxRow): Promise<InboxRow> {
    const { message } = row
    if (message?.media === undefined) return row
    const { media } = message
    const { journal } = this.#world.storage
    const { run } = turn.claim
    const paths = this.#parts.environment.pathsOf(turn)
    const save = async () => {
      const from = Date.now()
      const all = await Promise.all(media.map((one) => savedToInbox(one, paths, this.#world.log)))
      await this.#parts.flow.received(turn, from)
      return all
    }
    const places = await journal.step(run, `inbox:${row.seq}`, async () => (await save()).map(({ path }) => path ?? null))
    const saved = media.map((one, index): Attachment => {
      const path = places[index]
      return typeof path === 'string' ? { ...one, path } : one
    })
    if (!saved.some(({ kind }) => kind === 'audio')) return { ...row, message: { ...message, media: saved } }
    const transcribe = () => Promise.all(saved.map((one) => transcribed(turn.plan, one, abortSignal(turn.signal))))
    return { ...row, message: { ...message, media: await journal.step(run, `transcribe:${row.seq}`, transcribe) } }
  }

  async #resetIfDue(turn: TurnContext): Promise<void> {
    const { daily, idleMs } = turn.agent.reset
    if (daily === undefined && idleMs === undefined) return
    const { clock, storage } = this.#world
    const transcript = await storage.transcripts.load(turn.session.key, turn.agent.id)
    const last = transcript.entries.at(-1)
    // A turn that was begun and goes on now belongs to the conversation as it was then.
    if (last === undefined || last.kind === 'reset' || last.run === turn.claim.run) return
    if (!needsReset(Date.parse(last.timestamp), clock.now(), turn.agent.reset)) return
    const entry = resetEntry(`${turn.claim.run}.reset`, clock.now())
    await storage.transcripts.append(turn.session.key, turn.agent.id, [entry])
    await this.#parts.flow.labels.clear({ key: turn.session.key, agentId: turn.agent.id })
  }

  async #finish(
    claim: Claim,
    outcome: TurnOutcome,
    head: TurnHead,
    started: number,
    agent?: AgentPlan,
    growing: GrowingReply | null = null,
  ): Promise<void> {
    const { clock, storage } = this.#world
    const last = claim.rows.at(-1)
    // A heartbeat's text may be silence, and is put before a chat where it is delivered; a sub-agent's goes to a model.
    const bare = last?.kind === 'heartbeat' || last?.kind === 'spawn'
    const text = bare || outcome.text === '' ? outcome.text : `${replyPrefix(agent)}${outcome.text}`
    const { attachments } = outcome
    const files = attachments === undefined || attachments.length === 0 ? {} : { attachments }
    const answers = claim.rows.map(
      (row): StoredAnswer => ({
        agentId: row.agentId,
        session: row.session,
        messageId: row.messageId,
        response: text,
        ...(outcome.isError ? { isError: true } : {}),
        ...(outcome.usage === undefined ? {} : { usage: outcome.usage }),
        ...files,
      }),
    )
    const key = replyKey(claim)
    const outbox = await this.#repliesOf(key, last, text, outcome, files)
    growing?.handOver(key)
    await storage.inbox.finish(claim, { answers, outbox })
    this.#unsaved.delete(claim.run)
    const limit = outcome.limit === undefined ? {} : { limit: outcome.limit }
    const usage = outcome.usage === undefined ? {} : { usage: outcome.usage }
    const durationMs = clock.now() - started
    this.#world.emit({ type: 'turn_end', ...head, text, isError: outcome.isError, durationMs, ...usage, ...limit, ...files })
    if (outbox.length > 0) this.#parts.delivery.wake()
    if (last?.replyTo !== undefined && !this.#world.generations.now.pushed.has(last.replyTo.channelId)) {
      const message = { content: text, sessionKey: head.sessionKey, agentId: head.agentId, ...last.replyTo, ...files }
      this.#world.emit({ type: 'outbound', message, answers: head.messageIds, at: clock.now() })
    }
  }

  /** Replies to queue: one to where the last of the rows came from, or where a heartbeat delivers. */
  async #repliesOf(
    key: string,
    last: InboxRow | undefined,
    text: string,
    outcome: TurnOutcome,
    files: Pick<NewOutboxRow, 'attachments'>,
  ): Promise<readonly NewOutboxRow[]> {
    if (last?.kind === 'heartbeat') return await heartbeatDeliveries(this.#world, last.payload as HeartbeatPayload, outcome)
    if (last?.replyTo === undefined || !this.#world.generations.now.pushed.has(last.replyTo.channelId)) return []
    const { session, agentId, replyTo: target } = last
    return [{ key, session, agentId, target, content: text, ...files }]
  }

  /** It came before its session was stopped. */
  #isStopped({ rows: [first] }: Claim): boolean {
    if (this.#stoppedAt.size === 0 || first === undefined) return false
    const at = this.#stoppedAt.get(first.session)
    if (at === undefined) return false
    if (first.receivedAt <= at) return true
    // Later ones came later still.
    this.#stoppedAt.delete(first.session)
    return false
  }

  /** What was stopped before it began: who waits for its answer is told, and nothing is sent to the chat that stopped it. */
  async #finishStopped(claim: Claim): Promise<void> {
    const { storage } = this.#world
    const { run, rows } = claim
    const answers = rows.map(({ agentId, session, messageId }): StoredAnswer => {
      return { agentId, session, messageId, response: STOPPED, isError: true }
    })
    await storage.inbox.finish(claim, { answers, outbox: [] })
    this.#unsaved.delete(run)
    const [first] = rows
    if (first === undefined) return
    const { session: sessionKey, agentId } = first
    const messageIds = rows.map(({ messageId }) => messageId)
    const outcome = { text: STOPPED, isError: true, durationMs: 0 }
    this.#world.emit({ type: 'turn_end', sessionKey, agentId, run, messageIds, ...outcome })
  }

  async #giveUp(claim: Claim, first: InboxRow, agent: AgentPlan, head: TurnHead, started: number): Promise<void> {
    const { session, attempts } = first
    this.#world.log.error({ session, run: claim.run, attempts }, 'a turn was begun too often and is given up')
    await this.#appendText(claim, first, 'poison', POISON)
    await this.#finish(claim, { text: POISON, isError: true }, head, started, agent)
  }

  /** A text another session sent here (a heartbeat's delivery) becomes part of this one, so that a reply has its context. */
  async #appendDelivered(claim: Claim, row: InboxRow): Promise<void> {
    await this.#appendText(claim, row, 'd', row.content)
    await this.#world.storage.inbox.finish(claim, { answers: [], outbox: [] })
  }

  async #appendText({ run }: Claim, { session, agentId }: InboxRow, step: string, content: string): Promise<void> {
    const { clock, storage } = this.#world
    const timestamp = new Date(clock.now()).toISOString()
    await storage.transcripts.append(session, agentId, [{ id: `${run}.${step}`, role: 'assistant', content, timestamp, run }])
  }
}

/** What others wrote may be in it; flow says what counts. */
const bringsOthersWords = ({ groupId, quoted, forwarded, overheard, media }: InboundMessage): boolean =>
  [groupId, quoted, forwarded, overheard, media].some((part) => part !== undefined)
