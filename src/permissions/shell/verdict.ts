// Text of a command and a policy → run, ask or refuse, and for what runs the form it runs in. Every simple command needs its own
// verdict; doubt asks. Looks at the disk within bounds, reads no clock, never throws.

import { shortened } from '../../text-cut.ts'
import { placeIn, usePlace } from '../operands.ts'
import type { Decision, ShellPolicy, Verdict } from '../port.ts'
import { textDeniedBy } from './deny.ts'
import { grantFor } from './grants.ts'
import { hardDenyOfText } from './hard-denies.ts'
import { judgePart, type Part } from './judge-part.ts'
import { baseName, riskyKind } from './names.ts'
import { normalForm } from './normal-form.ts'
import { type PreparedCommand, prepareCommand, unsettles } from './prepare.ts'

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
  const prepared = prepareCommand(command, policy)
  if (!prepared.ok) return judgeText(typeof command === 'string' ? command : '', prepared.reason, policy)
  const { commands } = prepared
  const unsettling = policy.mode === 'ask' ? undefined : commands.find(unsettles)?.words[0]?.text
  if (unsettling !== undefined)
    return judgeText(
      command as string,
      `\`${unsettling}\` changes what later words mean in a way the checker does not follow.`,
      policy,
    )
  const parts = judgeParts(commands, policy)
  let worst = parts[0] as Part
  for (const part of parts) if (RANK[part.decision] > RANK[worst.decision]) worst = part
  if (worst.decision !== 'run') {
    const reason = parts.length === 1 ? worst.reason : `\`${show(worst.words)}\`: ${worst.reason}`
    return { decision: worst.decision, by: worst.by, reason, parts, grants: grantsOf(commands, parts) }
  }
  const form = normalForm(commands, policy.programs)
  if (form === undefined)
    return { decision: policy.mode === 'ask' ? 'ask' : 'refuse', by: 'mode', reason: 'A program is not installed.' }
  return { decision: 'run', by: worst.by, reason: sumUp(parts), parts, normalForm: form.argvs, script: form.script }
}

function judgeParts(commands: readonly PreparedCommand[], policy: ShellPolicy): readonly Part[] {
  const launches = commands.some((one) => riskyKind(baseName(one.words[0]?.text ?? '')) !== undefined)
  const files = usePlace(policy)
  return commands.map((one) => judgePart(one, { policy, files: placeIn(files, one.cwd), launches }))
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
function grantsOf(commands: readonly PreparedCommand[], parts: readonly Part[]): readonly string[] {
  const grants = new Set<string>()
  for (const [index, part] of parts.entries()) {
    if (part.decision === 'run') continue
    const grant =
      part.by === 'hard-deny' || part.decision === 'refuse' ? undefined : grantFor((commands[index] as PreparedCommand).source)
    if (grant === undefined) return []
    grants.add(grant)
  }
  return [...grants]
}

/** Longer text than any system runs as one command is not looked through. */
const MOST_TEXT = 256 * 1024

/** Text that was not understood. It runs, if at all, as its exact bytes. */
function judgeText(text: string, why: string, policy: ShellPolicy): Verdict {
  if (text.length > MOST_TEXT) return { decision: policy.mode === 'ask' ? 'ask' : 'refuse', by: 'parse', reason: why, grants: [] }
  const hard = hardDenyOfText(text, { cwd: policy.cwd, engine: policy.protectedPaths })
  if (hard !== undefined && (hard.kind === 'engine' || policy.mode !== 'ask'))
    return { decision: 'refuse', by: 'hard-deny', reason: hard.reason }
  const denies = [...policy.deny, ...policy.remembered.denied]
  const denied = textDeniedBy(denies, text)
  if (denied !== undefined)
    return {
      decision: 'refuse',
      by: policy.deny.includes(denied) ? 'deny' : 'remembered-denied',
      reason: `It seems to hold what \`${denied}\` denies. ${why}`,
    }
  if (policy.mode === 'ask') {
    if (policy.sandboxed && policy.askInSandbox === 'never' && hard === undefined && denies.length === 0)
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
