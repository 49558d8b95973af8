// A turn in; what others than the model wrote in its session, and in those that started it, out. What a model wrote itself never counts,
// whatever way it took: results of tools that read or write for it, answers of sub-agents, the engine's words on an approval.

import { textOf } from '../../agent/turn.ts'
import { textsIn } from '../../permissions/flow/sending.ts'
import type { Evidence } from '../../permissions/flow/verdict.ts'
import { senderClass } from '../../plan/admission.ts'
import type { InboxRow, TranscriptEntry } from '../../storage/ports.ts'
import type { ToolDefinition } from '../../tools/port.ts'
import type { SpawnPayload } from '../turns/inbox-work.ts'
import type { TurnContext } from '../turns/turn-context.ts'
import type { World } from '../world.ts'
import type { ReceivedFiles } from './received-files.ts'

export async function evidenceOf(world: World, turn: TurnContext, received: ReceivedFiles): Promise<Evidence> {
  const rows = turn.claim.rows.flatMap(wordsOf)
  const isStrange = turn.claim.rows.some(({ message }) => message?.groupId !== undefined && isStranger(turn, message))
  const said: string[] = isStrange ? [...rows] : []
  const outside: { text: string; input: string }[] = []
  const sources = new Map(world.registryOf(turn.plan).tools.map((tool) => [tool.name, tool]))
  const sessions = [{ key: turn.session.key, agentId: turn.agent.id }, ...turn.askers]
  for (const { key, agentId } of sessions) {
    const { entries } = await world.storage.transcripts.load(key, agentId)
    said.push(...entries.filter(isPersons).map(({ content }) => textOf(content)))
    for (const call of callsIn(entries)) {
      const tool = sources.get(call.name)
      if (tool !== undefined && bringsOnlyOutsideText(tool))
        outside.push({ text: call.text, input: textsIn(call.input).join('\n') })
      else if (tool !== undefined && call.name === 'read_file') {
        const text = await received.textOf(turn, call.input)
        if (text !== undefined) outside.push({ text, input: '' })
      }
    }
  }
  return { asked: isStrange ? [] : rows, said, outside }
}

/** Whether this sender is none of those the owner named. */
export const isStranger = ({ plan }: Pick<TurnContext, 'plan'>, message: NonNullable<InboxRow['message']>): boolean =>
  senderClass(plan, message) === 'stranger'

/** What a person wrote, the owner's configuration included. */
function wordsOf(row: InboxRow): readonly string[] {
  if (row.message !== undefined || row.kind === 'heartbeat') return [row.content]
  return row.kind === 'spawn' ? ((row.payload as SpawnPayload | undefined)?.said ?? []) : []
}

/** The person's words of a turn, for the agents it starts. */
export const spokenIn = (rows: readonly InboxRow[]): readonly string[] =>
  rows.flatMap(wordsOf).map((text) => text.slice(0, MOST_SPOKEN))

const MOST_SPOKEN = 8_000

const isPersons = ({ role, kind, userId }: TranscriptEntry): boolean =>
  role === 'user' && kind === undefined && userId !== undefined

/** Its results hold what others wrote, and nothing that a model could have put there before. */
function bringsOnlyOutsideText({ traits }: ToolDefinition): boolean {
  if (traits === undefined) return false
  return traits.outside === true && !traits.private && !traits.runs && !traits.writes && !traits.spends
}

interface FinishedCall {
  readonly name: string
  readonly input: unknown
  readonly text: string
}

/** Calls whose result is no error, each with it: an answer's calls are followed by their results. */
function callsIn(entries: readonly TranscriptEntry[]): readonly FinishedCall[] {
  const found: FinishedCall[] = []
  const open = new Map<string, { readonly name: string; readonly input: unknown }>()
  for (const { content } of entries) {
    if (typeof content === 'string') continue
    for (const block of content) {
      if (block.type === 'tool_use') open.set(block.id, block)
      if (block.type !== 'tool_result' || block.is_error === true) continue
      const call = open.get(block.tool_use_id)
      if (call !== undefined) found.push({ name: call.name, input: call.input, text: textOf(block.content ?? '') })
    }
  }
  return found
}
