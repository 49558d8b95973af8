// Text of a command and a policy → run, ask or refuse. Order: floors, deny, remembered denied, allow, remembered allowed, safe
// list, mode. Every simple command needs its own verdict; doubt asks. Never throws, reads no clock and no disk.

import { shortened } from '../../text-cut.ts'
import type { Decision, ShellPolicy, Verdict } from '../port.ts'
import { deniedBy, textDeniedBy } from './deny.ts'
import { type FloorHit, floorOfText, floorOfWord } from './floors.ts'
import { grantedBy, grantFor } from './grants.ts'
import { proseArguments } from './hazards/index.ts'
import { baseName, changesShell, riskyKind } from './names.ts'
import { parseCommand, type SimpleCommand } from './parse.ts'
import { isSafeName, ONLY_PRINTS, operandProblem, safeProblem } from './safe-list.ts'

type Part = NonNullable<Verdict['parts']>[number]

const BARE_NAME = /^[A-Za-z0-9_][A-Za-z0-9_.+-]*$/
const RANK: Readonly<Record<Decision, number>> = { run: 0, ask: 1, refuse: 2 }

/** Judges one command. Anything that goes wrong inside counts as doubt. */
export function judgeCommand(command: unknown, policy: ShellPolicy): Verdict {
  try {
    return judge(command, policy)
  } catch {
    return {
      decision: policy.mode === 'ask' ? 'ask' : 'refuse',
      by: 'parse',
      reason: 'The checker failed on this command, so it does not run unasked.',
    }
  }
}

function judge(command: unknown, policy: ShellPolicy): Verdict {
  if (policy.sandbox === 'required' && !policy.sandboxed)
    return {
      decision: 'refuse',
      by: 'sandbox',
      reason: 'The agent may only run commands in a sandbox, and none works here (`claw doctor` says why).',
    }
  if (policy.remembered.problem !== undefined)
    return { decision: 'refuse', by: 'remembered-denied', reason: policy.remembered.problem }
  const parsed = parseCommand(command)
  if (!parsed.ok) return judgeText(typeof command === 'string' ? command : '', parsed.reason, policy)
  const launches = parsed.commands.some((one) => riskyKind(baseName(one.words[0]?.text ?? '')) !== undefined)
  const parts = parsed.commands.map((one) => judgePart(one, policy, launches))
  let worst = parts[0] as Part
  for (const part of parts) if (RANK[part.decision] > RANK[worst.decision]) worst = part
  if (worst.decision === 'run') return { decision: 'run', by: worst.by, reason: sumUp(parts), parts }
  const reason = parts.length === 1 ? worst.reason : `\`${show(worst.words)}\`: ${worst.reason}`
  return { decision: worst.decision, by: worst.by, reason, parts, grants: grantsOf(parsed.commands, parts) }
}

/** A command as one line, shortened. */
const show = (words: readonly string[]): string => {
  const line = words.join(' ')
  return shortened(line, 60)
}

function sumUp(parts: readonly Part[]): string {
  const reasons = [...new Set(parts.map((part) => part.reason))]
  return reasons.length === 1 ? (reasons[0] as string) : 'Each command in it is safe or granted.'
}

/** What "always" would save: one exact grant a part that asked; nothing where one of them can't be remembered. */
function grantsOf(commands: readonly SimpleCommand[], parts: readonly Part[]): readonly string[] {
  const grants = new Set<string>()
  for (const [index, part] of parts.entries()) {
    if (part.decision === 'run') continue
    const grant = part.by === 'floor' || part.decision === 'refuse' ? undefined : grantFor(commands[index] as SimpleCommand)
    if (grant === undefined) return []
    grants.add(grant)
  }
  return [...grants]
}

/** Longer text than any system runs as one command is not looked through. */
const MOST_TEXT = 256 * 1024

/** Text that was not understood. */
function judgeText(text: string, why: string, policy: ShellPolicy): Verdict {
  if (text.length > MOST_TEXT) return { decision: policy.mode === 'ask' ? 'ask' : 'refuse', by: 'parse', reason: why, grants: [] }
  const floor = floorOfText(text, placeOf(policy))
  if (floor !== undefined && (floor.kind === 'engine' || policy.mode !== 'ask'))
    return { decision: 'refuse', by: 'floor', reason: floor.reason }
  const denies = [...policy.deny, ...policy.remembered.denied]
  const denied = textDeniedBy(denies, text)
  if (denied !== undefined)
    return {
      decision: 'refuse',
      by: policy.deny.includes(denied) ? 'deny' : 'remembered-denied',
      reason: `It seems to hold what \`${denied}\` denies. ${why}`,
    }
  if (policy.mode === 'ask') {
    if (policy.sandboxed && policy.askInSandbox === 'never' && floor === undefined && denies.length === 0)
      return { decision: 'run', by: 'mode', reason: 'It runs unasked inside the sandbox (askInSandbox: never).' }
    return { decision: 'ask', by: 'parse', reason: why, grants: [] }
  }
  if (denies.length > 0)
    return {
      decision: 'refuse',
      by: 'parse',
      reason: `${why} So it can't be held against the deny rules; write it as plain commands.`,
    }
  if (policy.sandboxed || policy.sandbox === 'off')
    return {
      decision: 'run',
      by: 'mode',
      reason: `The mode is ${policy.mode}${policy.sandboxed ? ', and it runs in a sandbox' : ''}. ${why}`,
    }
  return {
    decision: 'refuse',
    by: 'parse',
    reason: `${why} What can't be checked runs only in a sandbox, and none works here; write it as plain commands.`,
  }
}

const placeOf = (policy: ShellPolicy): { cwd: string; engine: readonly string[] } => ({
  cwd: policy.cwd,
  engine: policy.protectedPaths,
})

function floorOf(command: SimpleCommand, policy: ShellPolicy, launches: boolean): FloorHit | undefined {
  const place = placeOf(policy)
  const name = command.words[0]?.text ?? ''
  if (command.stdin !== undefined) {
    const hit = floorOfWord(command.stdin, place, false)
    if (hit !== undefined) return hit
  }
  if (ONLY_PRINTS.has(name) && !launches) return undefined
  const code = riskyKind(baseName(name)) !== undefined || launches
  const prose = proseArguments(command.words)
  for (const [index, word] of command.words.entries()) {
    if (prose.has(index)) continue
    const hit = floorOfWord(word, place, code)
    if (hit !== undefined) return hit
  }
  return undefined
}

function judgePart(command: SimpleCommand, policy: ShellPolicy, launches: boolean): Part {
  const words = command.words.map((word) => word.text)
  const part = (decision: Decision, by: string, reason: string): Part => ({ words, decision, by, reason })
  const floor = floorOf(command, policy, launches)
  const denied = deniedBy(policy.deny, words)
  if (floor !== undefined && (floor.kind === 'engine' || policy.mode !== 'ask')) return part('refuse', 'floor', floor.reason)
  if (denied !== undefined) return part('refuse', 'deny', `The rule \`${denied}\` denies it.`)
  const remembered = deniedBy(policy.remembered.denied, words)
  if (remembered !== undefined) return part('refuse', 'remembered-denied', `It was denied for good before, as \`${remembered}\`.`)
  if (floor !== undefined) return part('ask', 'floor', floor.reason)
  const reason = whyNot(command, policy)
  if ('by' in reason) return part('run', reason.by, reason.reason)
  if (policy.mode !== 'ask') return part('run', 'mode', `The mode is ${policy.mode}.`)
  if (policy.sandboxed && policy.askInSandbox === 'never')
    return part('run', 'mode', 'It runs unasked inside the sandbox (askInSandbox: never).')
  return part('ask', 'mode', reason.reason)
}

/** Allow, remembered allowed, safe list: the one that lets it run, or why none does. */
function whyNot(command: SimpleCommand, policy: ShellPolicy): { by: string; reason: string } | { reason: string } {
  const first = command.words[0]
  const name = first?.text ?? ''
  if (first === undefined || !first.bare || !BARE_NAME.test(name))
    return { reason: `\`${name}\` is not a plain command name; write the bare name without quotes, path or pattern.` }
  let reason: string | undefined
  for (const [patterns, by, said] of [
    [policy.allow, 'allow', 'The grant'],
    [policy.remembered.allowed, 'remembered-allowed', 'The remembered grant'],
  ] as const) {
    const grant = grantedBy(patterns, command)
    if (grant === undefined) continue
    if ('by' in grant) {
      const stdin = command.stdin === undefined || command.stdin.text === '/dev/null' ? undefined : operandProblem(command.stdin)
      if (stdin !== undefined) return { reason: stdin }
      return { by, reason: `${said} \`${grant.by}\` covers it.` }
    }
    reason ??= grant.reason
  }
  if (isSafeName(name)) {
    const problem = safeProblem(command)
    if (problem === undefined) return { by: 'safe', reason: `\`${name}\` is on the safe list.` }
    return { reason: reason ?? problem }
  }
  if (reason !== undefined) return { reason }
  const builtin = changesShell(command.words.map((word) => word.text))
  if (builtin !== undefined) return { reason: `\`${builtin}\` changes the shell itself, so later names may mean something else.` }
  const kind = riskyKind(name)
  return {
    reason:
      kind === undefined
        ? `\`${name}\` is neither on the safe list nor granted.`
        : `\`${name}\` is ${kind}: it can run anything.`,
  }
}
