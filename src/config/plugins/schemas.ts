// The schemas that a manifest holds in, those that are none out. ajv loads here, for configurations with plugins alone.

import { messageOf } from '../../errors.ts'
import { createCompiler } from '../../tools/input-schema.ts'
import { channelValidator } from '../language/compile.ts'
import { withChannel } from '../language/index.ts'
import { rootShape, schemaChannels } from '../shape.ts'
import type { Manifest, ManifestProblem } from './manifest.ts'

export async function schemaProblems({ tools, channels }: Manifest): Promise<readonly ManifestProblem[]> {
  const compile = createCompiler()
  const attempt = (path: ManifestProblem['path'], work: () => unknown): readonly ManifestProblem[] => {
    try {
      work()
      return []
    } catch (error) {
      // Of what ajv says the first part is the mistake, the rest its echoes.
      const [first = ''] = messageOf(error)
        .replace(/^schema is invalid: /, '')
        .split(', data')
      return [{ message: `This is no JSON Schema: ${first.replace(/^data\//, '')}.`, path, hint: 'Write a schema of draft-07.' }]
    }
  }
  return [
    ...tools.flatMap(({ name, inputSchema }) => attempt(['tools', name, 'input'], () => compile(inputSchema))),
    // A type that claw has itself is told as a clash.
    ...channels
      .filter(({ type }) => !schemaChannels.types.includes(type))
      .flatMap(({ type, settings }) =>
        attempt(['channels', type, 'settings'], () => channelValidator(withChannel(rootShape, type, settings), type)),
      ),
  ]
}
