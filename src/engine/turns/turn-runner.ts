// Runs turns: tokens in, finished turns out. Claims what waits in a session, runs it by its kind, and ends it in one transaction:
// rows done, answers stored, replies queued.

import type { EngineEvent } from '../../agent/events.ts'
import { EngineStops, type TurnOutcome, type TurnPorts } from '../../agent/port.ts'
import { runAgentTurn } from '../../agent/turn.ts'
import type { AgentPlan } from '../../plan/plan.ts'
import { needsReset, resetEntry } from '../../sessions/reset.ts'
import { abortSignal, Stop, type StopSignal } from '../../stop.ts'
import type { Claim, InboxRow, NewInboxRow, NewOutboxRow, StepJournal, StoredAnswer, Token } from '../../storage/ports.ts'
import { transcribed } from '../inbound/media.ts'
import type { Delivery } from '../outbound/delivery.ts'
import { replyPrefix } from '../outbound/reply-prefix.ts'
import type { ReplyStreams } from '../outbound/reply-streams.ts'
import type { ToolGate } from '../tools/tool-gate.ts'
import { type Generation, isPushed, type World } from '../world.ts'
import { createAnswers } from './answers.ts'
import type { Compactor } from './compactor.ts'
import type { ModelCalls } from './model-calls.ts'
import { type HeartbeatPayload, replyKey } from './payloads.ts'
import { type TurnContext, turnContext } from './turn-context.ts'

export interface TurnRunner {
  /** Queues the work of a stored row, or interrupts the turn that runs, as the agent's queue settings say. */
  enqueue(agent: AgentPlan, row: NewInboxRow): void
  run(token: Token): Promise<'done' | 'noop'>
  /** Ends the running turn of a session; false: none runs. */
  interrupt(session: string): boolean
  isRunning(session: string): boolean
  /** Ends every running turn, or one agent's. */
  interruptAll(agentId?: string): void
  /** Stops running turns without an answer, so that the next process resumes them. Resolves when nothing runs. */
  detach(): Promise<void>
  waitForAnswer(session: string, messageId: string, signal?: StopSignal): Promise<StoredAnswer>
}

export interface TurnRunnerOptions {
  readonly gate: ToolGate
  readonly models: ModelCalls
  readonly compactor: Compactor
  readonly delivery: Delivery
  readonly streams: ReplyStreams
  journalOf(run: string): StepJournal
  /** The outcome of an approval that came late, as text for the model. */
  runLateApproval(turn: TurnContext, row: InboxRow): Promise<string>
  enqueue(token: Token): void
  onHeartbeatDone(payload: HeartbeatPayload, outcome: TurnOutcome): Promise<readonly NewOutboxRow[]>
}

const GONE = 'This agent is no longer here.'
/** A turn that was begun so often and never ended takes the process down with it; it is given up. */
const MAX_ATTEMPTS = 25
const POISON = 'I could not finish this, however often I tried. Please ask in another way.'
const BROKEN = 'Something went wrong on my side. Please try again.'

export function createTurnRunner(world: World, options: TurnRunnerOptions): TurnRunner {
  const { storage, clock, log } = world
  const running = new Map<string, { readonly agentId: string; readonly stop: Stop; readonly ended: Promise<void> }>()
  const pendingAnswers = createAnswers(storage.sessions)
  const debounces = new Map<string, () => void>()
  /** By run: see TurnPorts. Kept while a run could not be ended. */
  const unsaved = new Map<string, TurnPorts['unsaved']>()

  function enqueue(agent: AgentPlan, row: NewInboxRow): void {
    const token: Token = { session: row.session, agentId: row.agentId, lane: row.lane }
    if (agent.queue.whenBusy === 'interrupt' && row.kind === 'message') interrupt(row.session)
    if (agent.queue.debounceMs === 0 || row.kind !== 'message') {
      options.enqueue(token)
      return
    }
    debounces.get(row.session)?.()
    const cancel = clock.after(agent.queue.debounceMs, () => {
      debounces.delete(row.session)
      options.enqueue(token)
    })
    debounces.set(row.session, cancel)
  }

  function interrupt(session: string): boolean {
    const turn = running.get(session)
    turn?.stop.abort()
    return turn !== undefined
  }

  async function run(token: Token): Promise<'done' | 'noop'> {
    const generation = world.current()
    const agent = generation.plan.agents.get(token.agentId)
    const together = agent !== undefined && (agent.queue.whenBusy === 'collect' || agent.queue.debounceMs > 0)
    const claim = await storage.sessions.claimNext(token.session, { all: together, max: 50 })
    if (claim === null) return 'noop'
    const turn = { agentId: token.agentId, stop: new Stop(), ended: Promise.resolve() }
    running.set(token.session, turn)
    // A halt that came while it was claimed found nothing to end.
    if (storage.halts.isHalted(token.agentId)) turn.stop.abort()
    try {
      turn.ended = runClaim(generation, token, claim, turn.stop)
      await turn.ended
    } catch (error) {
      if (!(turn.stop.reason instanceof EngineStops)) throw error
    } finally {
      running.delete(token.session)
      if (storage.sessions.waiting(token.session) > 0) options.enqueue(token)
    }
    return 'done'
  }

  async function runClaim(generation: Generation, token: Token, claim: Claim, signal: StopSignal): Promise<void> {
    const started = clock.now()
    const first = claim.rows[0]
    if (first === undefined) return
    const agent = generation.plan.agents.get(first.agentId)
    const messageIds = claim.rows.map((row) => row.messageId)
    const head = { sessionKey: token.session, agentId: first.agentId, run: claim.run, messageIds }
    if (first.kind === 'deliver') return await appendDelivered(claim, first)
    if (agent === undefined) return await finish(claim, { text: GONE, isError: true }, head, started)
    if (first.attempts > MAX_ATTEMPTS) {
      log.error(
        { session: token.session, run: claim.run, attempts: first.attempts },
        'a turn was begun too often and is given up',
      )
      await storage.sessions.append(token.session, first.agentId, [
        {
          id: `${claim.run}.poison`,
          role: 'assistant',
          content: POISON,
          timestamp: new Date(clock.now()).toISOString(),
          run: claim.run,
        },
      ])
      return await finish(claim, { text: POISON, isError: true }, head, started, agent)
    }
    if (first.kind === 'compact') {
      await options.compactor.run(generation.plan, agent, token.session, signal, { onlyIfNeeded: true })
      return await storage.sessions.finish(claim, { answers: [], outbox: [] })
    }
    world.emit({ type: 'turn_start', ...head })
    const stream = options.streams.open(generation.plan, agent, claim)
    const turn = turnContext(generation.plan, agent, claim, {
      tools: world.registry.tools,
      journal: options.journalOf(claim.run),
      signal,
    })
    const outcome = await outcomeOf(turn, first, (event) => {
      world.emit(event)
      stream?.see(event)
    })
    await finish(claim, outcome, head, started, agent, stream === null ? undefined : () => stream.key())
    if (outcome.isError || first.kind !== 'message') return
    await options.compactor.considerAhead(agent, token.session)
  }

  function unsavedOf(run: string): TurnPorts['unsaved'] {
    const known = unsaved.get(run) ?? new Map()
    unsaved.set(run, known)
    return known
  }

  async function outcomeOf(turn: TurnContext, first: InboxRow, emit: (event: EngineEvent) => void): Promise<TurnOutcome> {
    const ports: TurnPorts = {
      store: storage.sessions,
      journal: turn.journal,
      clock,
      unsaved: unsavedOf(turn.claim.run),
      emit,
      callModel: (t, request, onText, onRestart) => options.models.call(t, request, turn.spender, onText, onRestart),
      callTool: (_, call) => options.gate.call(turn, call),
      compact: (t) => options.compactor.run(t.plan, t.agent, t.session.key, t.signal),
    }
    try {
      await resetIfDue(turn)
      const rows = await readyRows(turn, first)
      return await runAgentTurn({ ...turn, claim: { ...turn.claim, rows } }, ports)
    } catch (error) {
      if (turn.signal.reason instanceof EngineStops) throw error
      log.error(
        { session: first.session, run: turn.claim.run, error: error instanceof Error ? error.stack : String(error) },
        'a turn failed',
      )
      return { text: BROKEN, isError: true }
    }
  }

  /** Rows as the model gets them: what was approved has run, and speech is text. */
  async function readyRows(turn: TurnContext, first: InboxRow): Promise<readonly InboxRow[]> {
    if (first.kind === 'approval') return [{ ...first, content: await options.runLateApproval(turn, first) }]
    return await Promise.all(
      turn.claim.rows.map(async (row) => {
        if (row.message?.media?.some((one) => one.kind === 'audio') !== true) return row
        const transcribe = () =>
          Promise.all((row.message?.media ?? []).map((one) => transcribed(turn.plan, one, abortSignal(turn.signal))))
        const media = await turn.journal.step(`transcribe:${row.seq}`, transcribe)
        return { ...row, message: { ...row.message, media } }
      }),
    )
  }

  async function resetIfDue(turn: TurnContext): Promise<void> {
    const { daily, idleMs } = turn.agent.reset
    if (daily === undefined && idleMs === undefined) return
    const transcript = await storage.sessions.load(turn.session.key, turn.agent.id)
    const last = transcript.entries.at(-1)
    // A turn that was begun and goes on now belongs to the conversation as it was then.
    if (last === undefined || last.kind === 'reset' || last.run === turn.claim.run) return
    if (!needsReset(Date.parse(last.timestamp), clock.now(), turn.agent.reset)) return
    const entry = resetEntry(`${turn.claim.run}.reset`, clock.now())
    await storage.sessions.append(turn.session.key, turn.agent.id, [entry])
  }

  async function finish(
    claim: Claim,
    outcome: TurnOutcome,
    head: { sessionKey: string; agentId: string; run: string; messageIds: readonly string[] },
    started: number,
    agent?: AgentPlan,
    streamKey?: () => void,
  ): Promise<void> {
    const kind = claim.rows.at(-1)?.kind
    // A heartbeat's text may be silence, and is put before a chat where it is delivered; a sub-agent's goes to a model.
    const bare = kind === 'heartbeat' || kind === 'spawn'
    const text = bare ? outcome.text : `${replyPrefix(agent)}${outcome.text}`
    const answers = claim.rows.map(
      (row): StoredAnswer => ({
        agentId: row.agentId,
        session: row.session,
        messageId: row.messageId,
        response: text,
        ...(outcome.isError ? { isError: true } : {}),
      }),
    )
    const outbox = await repliesOf(claim, text, outcome)
    streamKey?.()
    await storage.sessions.finish(claim, { answers, outbox })
    unsaved.delete(claim.run)
    const limit = outcome.limit === undefined ? {} : { limit: outcome.limit }
    world.emit({ type: 'turn_end', ...head, text, isError: outcome.isError, ...limit, durationMs: clock.now() - started })
    if (outbox.length > 0) options.delivery.wake()
    const shown = claim.rows.at(-1)
    if (shown?.replyTo !== undefined && !isPushed(world, shown.replyTo.channelId)) {
      const message = { content: text, sessionKey: head.sessionKey, agentId: head.agentId, ...shown.replyTo }
      world.emit({ type: 'outbound', message, answers: head.messageIds, at: clock.now() })
    }
    for (const answer of answers) pendingAnswers.resolve(answer)
  }

  /** Replies to queue: one to where the last of the rows came from, or where a heartbeat delivers. */
  async function repliesOf(claim: Claim, text: string, outcome: TurnOutcome): Promise<readonly NewOutboxRow[]> {
    const last = claim.rows.at(-1)
    if (last?.kind === 'heartbeat') return await options.onHeartbeatDone(last.payload as HeartbeatPayload, outcome)
    if (last?.replyTo === undefined || !isPushed(world, last.replyTo.channelId)) return []
    return [{ key: replyKey(claim), session: last.session, agentId: last.agentId, target: last.replyTo, content: text }]
  }

  /** A text another session sent here (a heartbeat's delivery) becomes part of this one, so that a reply has its context. */
  async function appendDelivered(claim: Claim, row: InboxRow): Promise<void> {
    const entry = {
      id: `${claim.run}.d`,
      role: 'assistant',
      content: row.content,
      timestamp: new Date(clock.now()).toISOString(),
      run: claim.run,
    } as const
    await storage.sessions.append(row.session, row.agentId, [entry])
    await storage.sessions.finish(claim, { answers: [], outbox: [] })
  }

  return {
    enqueue,
    run,
    interrupt,
    isRunning: (session) => running.has(session),
    interruptAll(agentId) {
      for (const turn of running.values()) if (agentId === undefined || turn.agentId === agentId) turn.stop.abort()
    },
    async detach() {
      for (const turn of running.values()) turn.stop.abort(new EngineStops())
      await Promise.allSettled([...running.values()].map(({ ended }) => ended))
    },
    waitForAnswer: pendingAnswers.wait,
  }
}
