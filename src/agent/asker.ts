// The model calls of one turn. What a service refuses is changed until it takes it, a few times, and the change is written to the
// transcript, so that it stays. A session that is too long is made shorter, before the service says so where that is known.

import { createHash } from 'node:crypto'
import { withOwnIds } from '../models/call-ids.ts'
import { DEFAULT_WINDOW } from '../models/defaults.ts'
import { type LeftOut, ModelError, type ModelResult, type ToolSpec } from '../models/port.ts'
import type { AgentPlan, Plan } from '../plan/plan.ts'
import { messagesOf } from '../sessions/messages.ts'
import { BYTES_PER_TOKEN, contextTokens, estimateText } from '../sessions/tokens.ts'
import { windowStart } from '../sessions/window.ts'
import type { Transcript, TranscriptEntry } from '../storage/ports.ts'
import type { ToolDefinition } from '../tools/port.ts'
import type { Turn, TurnPorts } from './port.ts'
import { type Fix, type FixLine, waysOut } from './ways-out.ts'

export interface Asker {
  /** One answer, `maxTokens` long at most. @throws ModelError, BudgetError */
  ask(maxTokens: number): Promise<ModelResult>
  /** What the person must be told of the calls so far: one sentence each. */
  readonly notices: ReadonlySet<string>
}

export interface AnswerListener {
  text(text: string): void
  restart(): void
}

/** Times a session is made shorter for one answer. */
const MAX_SHORTENINGS = 4
/** Over the count: part of it is an estimate. */
const MARGIN = 1.1
/** Of the window: a session that leaves less to an answer is made shorter first. */
const ANSWER_SHARE = 0.1
/** The room an answer gets where the session cannot be made shorter. */
const LEAST_ANSWER = 256

/** Tools that the service of an agent's model refused: it works without them until the plan changes. */
const refusedTools = new WeakMap<AgentPlan, ReadonlySet<string>>()

export function createAsker(turn: Turn, ports: TurnPorts, listener: AnswerListener): Asker {
  const { agent, session } = turn
  const { contextWindow } = agent.compaction
  /** An answer that is allowed to be longer says that the window is only what unknown models are taken for. */
  const isAssumed = contextWindow === DEFAULT_WINDOW && agent.maxTokens > contextWindow
  const notices = new Set<string>()

  const load = (): Promise<Transcript> => ports.store.load(session.key, agent.id)

  function prefix(): Prefix {
    const refused = refusedTools.get(agent)
    return prefixOf(turn.plan, agent, refused === undefined ? turn.tools : turn.tools.filter(({ name }) => !refused.has(name)))
  }

  async function askOnce(maxTokens: number, lines: readonly FixLine[]): Promise<ModelResult> {
    turn.signal.throwIfAborted()
    const own = prefix()
    let transcript = await load()
    // A token is a byte at least: most sessions are so short that nothing need be counted.
    const most = transcript.bytes + prefixTokens(own) * BYTES_PER_TOKEN
    const isShort = most * MARGIN <= contextWindow - maxTokens
    const leaves = (): number => contextWindow - contextTokens(transcript, prefixTokens(own)) * MARGIN
    if (!isShort && lines.length === 0 && leaves() < Math.min(maxTokens, contextWindow * ANSWER_SHARE)) {
      if (await ports.compact(turn)) transcript = await load()
    }
    transcript = withLines(transcript, lines)
    const room = isAssumed || isShort ? maxTokens : Math.max(LEAST_ANSWER, Math.floor(leaves()))
    const messages = messagesOf(transcript)
    const request = { messages, maxTokens: Math.min(maxTokens, room), effort: agent.effort, ...own }
    const result = await ports.callModel(turn, request, listener.text, listener.restart)
    for (const one of result.leftOut ?? []) if (one.place.message === messages.length - 1) notices.add(sentence(one))
    if (!result.content.some(({ type }) => type === 'tool_use')) return result
    const content = withOwnIds(result.content)
    return content === result.content ? result : { ...result, content }
  }

  /** A change as the transcript's lines; their ids are made of what they say, as a turn may be gone through again. */
  function withLines(transcript: Transcript, lines: readonly FixLine[]): Transcript {
    if (lines.length === 0) return transcript
    const entries = [...transcript.entries, ...lines.map(entryOf)]
    return { ...transcript, entries: entries.slice(windowStart(entries)) }
  }

  function entryOf(line: FixLine): TranscriptEntry {
    const { run } = turn.claim
    const id = `${run}.fix-${createHash('sha256').update(JSON.stringify(line)).digest('hex').slice(0, 12)}`
    return { id, role: 'system', timestamp: new Date(ports.clock.now()).toISOString(), run, ...line }
  }

  /** Below what was refused, and below what the service says it takes. */
  async function shorten({ window = Number.POSITIVE_INFINITY }: ModelError): Promise<boolean> {
    const tokens = contextTokens(await load(), prefixTokens(prefix()))
    return await ports.compact(turn, Math.floor(Math.min(window * 0.9, tokens * 0.7)))
  }

  /** Works without tools that were refused from now on; false: none was named that is not left out already. */
  function leaveOutTools({ refusal }: ModelError): boolean {
    const before = refusedTools.get(agent) ?? new Set()
    const more = (refusal?.tools ?? []).filter((name) => !before.has(name))
    if (more.length === 0) return false
    refusedTools.set(agent, new Set([...before, ...more]))
    notices.add(`I work without ${more.join(', ')}, which the service of my language model did not accept.`)
    return true
  }

  /** Changes the request until it is taken. @throws the last refusal */
  async function findWayOut(first: ModelError, maxTokens: number): Promise<ModelResult> {
    const transcript = await load()
    const turnStart = `${turn.claim.run}.u`
    const ways = waysOut(first, { transcript, turnStart, withLines: (lines) => withLines(transcript, lines) })
    let last = first
    for (let way = ways.next(last); !way.done; way = ways.next(last)) {
      const fix: Fix = way.value
      try {
        const result = await askOnce(maxTokens, fix.lines)
        await ports.store.append(session.key, agent.id, fix.lines.map(entryOf))
        if (fix.said !== '') notices.add(fix.said)
        return result
      } catch (error) {
        if (!(error instanceof ModelError && isAboutContent(error))) throw error
        last = error
      }
    }
    throw last
  }

  return {
    notices,
    async ask(maxTokens) {
      for (let shortenings = 0; ; ) {
        try {
          return await askOnce(maxTokens, [])
        } catch (error) {
          if (!(error instanceof ModelError)) throw error
          if (leaveOutTools(error)) continue
          if (isTooLong(error) && shortenings++ < MAX_SHORTENINGS && (await shorten(error))) continue
          if (!isAboutContent(error)) throw error
          return await findWayOut(error, maxTokens)
        }
      }
    },
  }
}

/** More tokens than are taken. Too many bytes are another thing: media are heavier than words. */
const isTooLong = ({ kind, status, refusal }: ModelError): boolean =>
  kind === 'context' && !(status === 413 && refusal?.about === 'content')

const isAboutContent = ({ kind, refusal }: ModelError): boolean =>
  kind === 'context' || (kind === 'invalid' && refusal !== undefined && refusal.about !== 'settings')

const sentence = ({ what, why }: LeftOut): string => `I could not look at the ${what}: ${why}.`

/**
 * System text and tool list of an agent, with which its requests begin: byte-identical from turn to turn. Nothing that changes by
 * itself (time, user, message) may be in it, or the service's cache never hits.
 */
export interface Prefix {
  readonly system: string
  readonly tools: readonly ToolSpec[]
}

const prefixes = new WeakMap<AgentPlan, Map<string, Prefix>>()

/** The prefix of an agent under a plan. `tools`: those it may use now (a sub-agent's may be fewer than its own). */
export function prefixOf(plan: Plan, agent: AgentPlan, tools: readonly ToolDefinition[]): Prefix {
  const key = tools.map((tool) => tool.name).join(' ')
  const known = prefixes.get(agent)?.get(key)
  if (known !== undefined) return known
  const prefix = buildPrefix(plan, agent, tools)
  const ofAgent = prefixes.get(agent) ?? new Map<string, Prefix>()
  prefixes.set(agent, ofAgent.set(key, prefix))
  return prefix
}

function buildPrefix(plan: Plan, agent: AgentPlan, tools: readonly ToolDefinition[]): Prefix {
  const parts = [agent.soul.text.trim()]
  parts.push(...skillParts(agent.skills))
  const helpers = agent.subagents.flatMap((id) => plan.agents.get(id) ?? [])
  if (helpers.length > 0 && tools.some((tool) => tool.name === 'sessions_spawn')) {
    const lines = helpers.map((helper) => `- ${helper.id}: ${helper.description || helper.name}`)
    parts.push(`Agents you can start with sessions_spawn:\n${lines.join('\n')}`)
  }
  return {
    system: parts.filter((part) => part !== '').join('\n\n'),
    tools: tools.map((tool) => ({ name: tool.name, description: tool.description, input_schema: tool.inputSchema })),
  }
}

/** Skills in full where they always are; of the others what they are for. */
function skillParts(skills: AgentPlan['skills']): readonly string[] {
  const whole = skills.filter(({ always }) => always)
  const listed = skills.filter(({ always }) => !always)
  const lines = listed.map(({ name, description }) => `- ${name}${description === '' ? '' : `: ${description}`}`)
  return [
    ...whole.map(({ name, text }) => `# Skill: ${name}\n${text}`),
    ...(lines.length === 0 ? [] : [`# Skills: read one with the tool \`skill\` before such a task\n${lines.join('\n')}`]),
  ]
}

const tokens = new WeakMap<Prefix, number>()

/** What a prefix takes, by estimate. */
export function prefixTokens(prefix: Prefix): number {
  let counted = tokens.get(prefix)
  if (counted === undefined) {
    counted = estimateText(prefix.system) + estimateText(JSON.stringify(prefix.tools))
    tokens.set(prefix, counted)
  }
  return counted
}
