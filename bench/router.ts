// The router beside the plain scan, on 70% rules by ids, 28% by a pattern with a literal, 2% by a pattern without one.

import { performance } from 'node:perf_hooks'
import type { RouteInput, RulePlan } from '../src/plan/plan.ts'
import { createRouter } from '../src/plan/router.ts'
import { byRank, scan } from '../src/plan/scan.ts'

export interface RouterFigures {
  readonly rules: number
  /** Milliseconds to build the index, and until the first match with every part of it built. */
  readonly buildMs: number
  /** Microseconds a message, median of the rounds. */
  readonly routerUs: number
  /** null: too slow to be worth the wait at this size. */
  readonly scanUs: number | null
}

/** A small generator with a seed, so that every run does the same work. */
function chance(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

const WORDS = 'please tell me what the status of our release is and when can we ship this new build for the client'.split(' ')
const CHANNELS = ['telegram', 'discord', 'slack', 'http'] as const

function ruleOf(index: number, pick: (below: number) => number): RulePlan {
  const base = {
    index,
    priority: pick(5),
    agentId: `agent${pick(20)}`,
    fingerprint: '',
    place: { file: '', line: index, column: 1 },
  }
  const kind = index % 50
  if (kind === 0) return { ...base, pattern: `^\\d{${(pick(9) + 4).toString()}}x?$` }
  if (kind < 15) {
    const word = `topic${pick(1e6)}`
    const forms = [`\\b${word}\\b`, `^!${word}`, `(?i)${word}`, `${word} (now|later)`]
    return {
      ...base,
      pattern: forms[pick(forms.length)] as string,
      ...(pick(2) === 0 && { channelId: [CHANNELS[pick(4)] as string] }),
    }
  }
  const channelId = [CHANNELS[pick(4)] as string]
  return pick(3) === 0 ? { ...base, channelId, groupId: [`g${pick(1e5)}`] } : { ...base, channelId, userId: [`u${pick(1e5)}`] }
}

function messageOf(rules: readonly RulePlan[], pick: (below: number) => number): RouteInput {
  const text = Array.from({ length: 4 + pick(12) }, () => WORDS[pick(WORDS.length)]).join(' ')
  const rule = rules[pick(rules.length)] as RulePlan
  const by = pick(10)
  const channelId = CHANNELS[pick(4)] as string
  if (by < 6) {
    const group = rule.groupId?.[0]
    const user = rule.userId?.[0] ?? `u${pick(1e5)}`
    return {
      channelId: rule.channelId?.[0] ?? channelId,
      userId: user,
      content: text,
      ...(group !== undefined && { groupId: group }),
    }
  }
  const word = /topic\d+/.exec(rule.pattern ?? '')?.[0]
  return { channelId, userId: `u${pick(1e5)}`, content: by < 9 && word !== undefined ? `${text} ${word} now` : text }
}

function microseconds(messages: readonly RouteInput[], match: (input: RouteInput) => RulePlan | null, rounds: number): number {
  const times: number[] = []
  for (let round = 0; round < rounds; round++) {
    const start = performance.now()
    for (const message of messages) match(message)
    times.push(((performance.now() - start) * 1000) / messages.length)
  }
  return times.sort((a, b) => a - b)[Math.floor(rounds / 2)] ?? Number.NaN
}

/** Measures the router at each size; both sides must agree on every message, or it throws. */
export async function benchRouter(
  sizes: readonly number[] = [10, 100, 1_000, 10_000, 100_000],
): Promise<readonly RouterFigures[]> {
  const figures: RouterFigures[] = []
  for (const size of sizes) {
    const pick = chance(size)
    const rules = Array.from({ length: size }, (_, index) => ruleOf(index, pick))
    const messages = Array.from({ length: 2_000 }, () => messageOf(rules, pick))
    const start = performance.now()
    const router = await createRouter({ rules })
    router.match({ channelId: 'none', userId: 'none', content: 'topic' })
    const buildMs = performance.now() - start
    const ranked = byRank(rules)
    for (const message of messages.slice(0, size > 10_000 ? 20 : 200)) {
      const [a, b] = [router.match(message), scan(ranked, message, router.patterns)]
      if (a !== b) throw new Error(`The router chose rule ${a?.index}, the scan ${b?.index}, for ${JSON.stringify(message)}.`)
    }
    const routerUs = microseconds(messages, (message) => router.match(message), 15)
    const fewer = messages.slice(0, Math.max(20, Math.floor(200_000 / size)))
    const scanUs = size > 10_000 ? null : microseconds(fewer, (message) => scan(ranked, message, router.patterns), 3)
    figures.push({ rules: size, buildMs, routerUs, scanUs })
  }
  return figures
}
