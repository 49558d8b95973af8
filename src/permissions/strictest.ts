// Several verdicts on the same call in, the one that counts out.

import type { Decision, Verdict } from './port.ts'

const RANK: Record<Decision, number> = { run: 0, ask: 1, refuse: 2 }

/** The strictest of several verdicts on the same call. */
export function strictest(verdicts: readonly [Verdict, ...Verdict[]]): Verdict {
  const worst = verdicts.reduce((so, verdict) => (RANK[verdict.decision] > RANK[so.decision] ? verdict : so))
  if (worst.decision === 'run' && verdicts.some(({ script }) => script !== worst.script))
    return { decision: 'refuse', by: 'hard-deny', reason: 'The files it names changed while it was judged. Try it once more.' }
  return worst
}
