// Text → tree: quickly where the text is of the common kind, else by the library, with a bound on what aliases can grow to.

import { diagnostic } from '../../errors.ts'
import { inSlices } from '../../slices.ts'
import { positionOf } from '../positions.ts'
import type { ParseResult } from './library.ts'
import { quickly } from './quick.ts'
import { type SourceText, sizeProblem } from './tree.ts'

export async function parseYaml(source: SourceText): Promise<ParseResult> {
  const quick = await inSlices(quickly(source))
  // Neither deep nor large, or it would not have been read so.
  if (quick !== undefined) return { root: quick.root, diagnostics: [] }
  const { parseWithLibrary } = await import('./library.ts')
  const { root, diagnostics } = parseWithLibrary(source)
  const size = root === null ? null : sizeProblem(root)
  if (root === null || size === null) return { root, diagnostics }
  const message =
    size === 'deep' ? 'The file is nested too deeply.' : 'The file grows too large when its aliases are written out.'
  const tooBig = diagnostic('CLAW004', message, positionOf(source, root.start, root.start))
  return { root: null, diagnostics: [...diagnostics, tooBig] }
}
