// Enters: patterns of rules. Leaves: what is known about each, and tests that run in linear time: by V8 where that is
// proven, else by an automaton engine (loaded only then). Load this file through `loadPatterns`.

import { messageOf } from '../errors.ts'
import { requiredLiterals } from './pattern-literals.ts'
import { isLinear } from './pattern-proof.ts'
import { parsePattern, printPattern } from './pattern-syntax.ts'
import { analysePlain, type PatternAnalysis, type Patterns, type PatternTest, testPlain } from './plain-pattern.ts'

interface Known {
  readonly analysis: PatternAnalysis
  /** The expression as its engine reads it; absent for plain and for refused patterns. */
  readonly expression?: string
  readonly ignoreCase?: boolean
}

type Compile = (expression: string, ignoreCase: boolean) => PatternTest

const compileV8: Compile = (expression, ignoreCase) => {
  const regexp = new RegExp(expression, ignoreCase ? 'iu' : 'u')
  return (text) => regexp.test(text)
}

async function loadAutomaton(): Promise<Compile> {
  const { RE2JS } = await import('re2js')
  return (expression, ignoreCase) => {
    const regexp = RE2JS.compile(expression, ignoreCase ? RE2JS.CASE_INSENSITIVE : 0)
    return (text) => regexp.test(text)
  }
}

/**
 * What was found about a pattern holds for ever, so it is kept from one load to the next: a reload asks again about
 * thousands that did not change. Emptied when it grows beyond any real configuration.
 */
const remembered = new Map<string, Known>()
const MAX_REMEMBERED = 50_000

const refusedFor = (reason: string): Known => ({ analysis: { ok: false, reason, literals: [], linear: false } })

function analyse(source: string): Known {
  const found = remembered.get(source)
  if (found !== undefined) return found
  if (remembered.size >= MAX_REMEMBERED) remembered.clear()
  const known = analyseAnew(source)
  remembered.set(source, known)
  return known
}

function analyseAnew(source: string): Known {
  const plain = analysePlain(source)
  if (plain !== null) return { analysis: plain }
  const parsed = parsePattern(source)
  if ('reason' in parsed) return refusedFor(parsed.reason)
  const { alternatives, ignoreCase } = parsed
  const linear = isLinear(alternatives)
  return {
    analysis: { ok: true, literals: requiredLiterals(alternatives, ignoreCase), linear },
    expression: printPattern(parsed, linear ? 'v8' : 're2'),
    ignoreCase,
  }
}

/** Patterns able to handle `sources`, and any other that needs no more than they do. */
export async function createPatterns(sources: readonly string[]): Promise<Patterns> {
  const known = new Map<string, Known>(sources.map((source) => [source, analyse(source)]))
  const tests = new Map<string, PatternTest>()
  const needsAutomaton = [...known.values()].some(({ analysis }) => analysis.ok && !analysis.linear)
  const automaton = needsAutomaton ? await loadAutomaton() : null

  const know = (source: string): Known => {
    const found = known.get(source) ?? analyse(source)
    known.set(source, found)
    return found
  }
  const build = (source: string): PatternTest => {
    const { analysis, expression, ignoreCase = false } = know(source)
    if (!analysis.ok) throw new Error(`The pattern ${source} ${analysis.reason}.`)
    if (expression === undefined) return testPlain(analysis.plain ?? { text: source, start: false, end: false })
    if (analysis.linear) return compileV8(expression, ignoreCase)
    if (automaton === null) throw new Error(`The pattern ${source} was not given to loadPatterns().`)
    return automaton(expression, ignoreCase)
  }
  const patterns: Patterns = {
    analyse: (source) => know(source).analysis,
    compile(source) {
      const test = tests.get(source) ?? build(source)
      tests.set(source, test)
      return test
    },
  }
  // Some sizes are beyond the automaton (`a{5000}`): found by trying, so that `ok` means that it compiles.
  for (const [source, { analysis }] of known) {
    if (!analysis.ok || analysis.linear) continue
    try {
      patterns.compile(source)
    } catch (error) {
      known.set(source, refusedFor(`cannot run in linear time: ${messageOf(error).replace(/^error parsing regexp: /, '')}`))
    }
  }
  return patterns
}
