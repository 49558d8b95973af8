// One simple command as it would run → run, ask or refuse. Order: hard denies, deny, remembered denied, allow, remembered allowed,
// safe list, mode.

import { looksLikeRepository, type UsePlace, useProblem } from '../operands.ts'
import type { Decision, ShellPolicy, Verdict } from '../port.ts'
import { globMatch } from '../protected.ts'
import { changesShell } from './builtins.ts'
import { type DenySubject, deniedBy } from './deny.ts'
import { grantedBy } from './grants.ts'
import { hardDenyOf } from './hard-denies.ts'
import { baseName, riskyKind } from './names.ts'
import { argvOf } from './normal-form.ts'
import { widened } from './pattern.ts'
import type { PreparedCommand } from './prepare.ts'
import { type Reach, reachOf } from './runners.ts'
import { inputProblem, isSafeName, safeProblem } from './safe-list.ts'
import { knownUseAt, type ToolUse, toolUseOf } from './tool-use.ts'

export type Part = NonNullable<Verdict['parts']>[number]

export interface PartContext {
  readonly policy: ShellPolicy
  /** Where its files are: the agent's folders, and the one it runs in. */
  readonly files: UsePlace
  /** One command of the text is a shell, an interpreter or a launcher, so words of the others may be code for it. */
  readonly launches: boolean
}

const BARE_NAME = /^[A-Za-z0-9_][A-Za-z0-9_.+-]*$/

export function judgePart(command: PreparedCommand, context: PartContext): Part {
  const { policy, files, launches } = context
  const words = command.words.map((word) => word.text)
  const name = words[0] ?? ''
  const part = (decision: Decision, by: string, reason: string): Part => ({ words, decision, by, reason })
  const asks = policy.mode === 'ask'
  const use = toolUseOf(command)
  const hard = hardDenyOf(command, {
    files,
    place: { cwd: command.cwd, engine: policy.protectedPaths },
    operands: use.operands,
    code: launches || riskyKind(baseName(name)) !== undefined,
  })
  if (hard !== undefined && (hard.kind === 'engine' || !asks)) return part('refuse', 'hard-deny', hard.reason)
  const reach = command.enters === undefined ? reachOf(words, knownUseAt(command.cwd)) : 'nothing'
  const denied = denial(command, words, reach, policy)
  if (denied !== undefined) return part('refuse', denied.by, denied.reason)
  if (hard !== undefined) return part('ask', 'hard-deny', hard.reason)
  const grant = whyNot(command, use, context)
  if (!('by' in grant) && asks && !(policy.sandboxed && policy.askInSandbox === 'never')) return part('ask', 'mode', grant.reason)
  if (argvOf(command, policy.programs) === undefined)
    return part(asks ? 'ask' : 'refuse', 'mode', `\`${name}\` is not installed, or not in a system folder.`)
  if ('by' in grant) return part('run', grant.by, grant.reason)
  return part('run', 'mode', asks ? 'It runs unasked inside the sandbox (askInSandbox: never).' : `The mode is ${policy.mode}.`)
}

/** By the rules, or because nothing can be held against them. */
function denial(
  command: PreparedCommand,
  words: readonly string[],
  reach: Reach,
  policy: ShellPolicy,
): { by: string; reason: string } | undefined {
  const rules = policy.deny.length + policy.remembered.denied.length
  if (rules === 0) return undefined
  const subjects: DenySubject[] = [{ words, mayStart: reach !== 'nothing' }]
  if (command.source.words.some((word) => word.pattern)) subjects.push(asWritten(command, reach))
  for (const subject of subjects) {
    const denied = deniedBy(policy.deny, subject)
    if (denied !== undefined) return { by: 'deny', reason: `The rule \`${denied}\` denies it.` }
    const remembered = deniedBy(policy.remembered.denied, subject)
    if (remembered !== undefined)
      return { by: 'remembered-denied', reason: `It was denied for good before, as \`${remembered}\`.` }
  }
  if (policy.mode === 'ask' || reach !== 'more' || policy.sandboxed || policy.sandbox === 'off') return undefined
  return {
    by: 'deny',
    reason: `What \`${baseName(words[0] ?? '')}\` would start can't be held against the deny rules, so it runs only in a sandbox, and none works here.`,
  }
}

/** Its words before patterns met anything: each pattern may stand for what a rule names. */
function asWritten({ source }: PreparedCommand, reach: Reach): DenySubject {
  const patterns = source.words.map(({ text, quoted, pattern }) => {
    const start = text.lastIndexOf('/') + 1
    return pattern ? widened({ text: text.slice(start), quoted: quoted.subarray(start) }) : undefined
  })
  return {
    words: source.words.map((word) => word.text),
    mayStart: reach !== 'nothing',
    couldBe(index, text) {
      const pattern = patterns[index]
      return pattern !== undefined && globMatch(pattern, baseName(text))
    },
  }
}

/** Allow, remembered allowed, safe list: the one that lets it run, or why none does. */
function whyNot(
  command: PreparedCommand,
  use: ToolUse,
  { policy, files }: PartContext,
): { by: string; reason: string } | { reason: string } {
  const first = command.source.words[0]
  const name = first?.text ?? ''
  if (first === undefined || !first.bare || !BARE_NAME.test(name))
    return { reason: `\`${name}\` is not a plain command name; write the bare name without quotes, path or pattern.` }
  if (name === 'git' && looksLikeRepository(command.cwd))
    return { reason: 'The folder itself is laid out as a repository, so its files are settings that git follows.' }
  let reason: string | undefined
  for (const [patterns, by, said] of [
    [policy.allow, 'allow', 'The grant'],
    [policy.remembered.allowed, 'remembered-allowed', 'The remembered grant'],
  ] as const) {
    const grant = grantedBy(patterns, command, use)
    if (grant === undefined) continue
    if ('by' in grant) {
      const problem = inputProblem(command, files) ?? (grant.exact ? undefined : outside(use, files))
      if (problem !== undefined) return { reason: problem }
      return { by, reason: `${said} \`${grant.by}\` covers it.` }
    }
    reason ??= grant.reason
  }
  if (isSafeName(name)) {
    const problem = safeProblem(command, files)
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

/** A star says nothing of places outside the workspace. */
function outside({ operands = [] }: ToolUse, files: UsePlace): string | undefined {
  const written = operands.find((operand) => operand.use === 'write' && useProblem(operand, files)?.kind === 'outside')
  return written === undefined ? undefined : `It writes \`${written.path}\`, which lies outside the folders the agent may write.`
}
