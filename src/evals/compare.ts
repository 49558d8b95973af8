// The same cases on two configurations in, what changed out: first where another agent answers or other tools are called, then where
// the text differs, then the rest.

import type { EvalReport, EvalRun } from './run.ts'

export interface Compared {
  readonly name: string
  /** Most telling first. */
  readonly changed: readonly ('agent' | 'tools' | 'verdict' | 'text')[]
  readonly before: Side
  readonly after: Side
}

export interface Side {
  readonly agentId: string | null
  readonly toolCalls: readonly string[]
  readonly reply: string
  readonly ok: boolean
  readonly tokens: number
  readonly cost: number
}

const NOTHING: Side = { agentId: null, toolCalls: [], reply: '', ok: false, tokens: 0, cost: 0 }

function sideOf(run: EvalRun | undefined): Side {
  if (run === undefined) return NOTHING
  const { agentId, toolCalls, reply, ok, spent } = run
  return { agentId, toolCalls, reply, ok, tokens: spent.input + spent.output, cost: spent.cost }
}

export function compare(before: EvalReport, after: EvalReport): readonly Compared[] {
  const all = after.results.map(({ name, runs }): Compared => {
    const was = sideOf(before.results.find((one) => one.name === name)?.runs[0])
    const is = sideOf(runs[0])
    const changed = [
      ...(was.agentId === is.agentId ? [] : ['agent' as const]),
      ...(was.toolCalls.join() === is.toolCalls.join() ? [] : ['tools' as const]),
      ...(was.ok === is.ok ? [] : ['verdict' as const]),
      ...(was.reply === is.reply ? [] : ['text' as const]),
    ]
    return { name, changed, before: was, after: is }
  })
  const weight = ({ changed }: Compared): number =>
    changed.includes('agent') || changed.includes('tools') ? 0 : changed.includes('verdict') ? 1 : changed.length > 0 ? 2 : 3
  return all.sort((a, b) => weight(a) - weight(b))
}
