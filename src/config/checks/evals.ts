// A rubric needs a model that judges it, an eval something that is said, and a dataset a file.

import { existsSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import type { Diagnostic } from '../../errors.ts'
import { mapAt, textAt } from '../document.ts'
import { type Check, itemsOf } from './check.ts'

export const checkEvals: Check = ({ doc }) => {
  const problems: Diagnostic[] = []
  const root = mapAt(doc.value)
  for (const { value, path } of itemsOf(root['evals'], ['evals'])) {
    const cases = itemsOf(value['cases'], [...path, 'cases'])
    const hasRubric = [value, ...cases.map((one) => one.value)].some((one) => textAt(one, 'rubric') !== undefined)
    if (hasRubric && textAt(value, 'evalModel') === undefined && textAt(root, 'evalModel') === undefined) {
      const hint = 'Write `evalModel: claude-haiku-5-5` at the top of the file, or in the eval.'
      problems.push(doc.problem('CLAW102', 'A rubric needs a model that judges it: `evalModel`.', [...path, 'rubric'], { hint }))
    }
    const dataset = textAt(value, 'dataset')
    const at = [...path, 'dataset']
    if (dataset !== undefined && !existsSync(resolve(dirname(doc.fileOf(at)), dataset)))
      problems.push(
        doc.problem('CLAW003', `There is no file ${dataset}.`, at, { hint: 'Its path is relative to the file that names it.' }),
      )
  }
  return problems
}
