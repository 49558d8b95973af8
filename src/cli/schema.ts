// `claw schema`: the JSON Schema of the configuration language, as the package ships it.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { EXIT } from '../errors.ts'
import { packageRoot } from '../resources.ts'
import type { Verb } from './io.ts'

export const run: Verb = async (_args, _options, io) => {
  io.out(readFileSync(join(packageRoot(), 'schema', 'openclaw.schema.json'), 'utf8'))
  return EXIT.ok
}
