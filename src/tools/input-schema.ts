// JSON Schemas of tool inputs in, checks out. Loaded when the first tool is called.

import { Ajv, type ValidateFunction } from 'ajv'

export function createCompiler(): (schema: object) => ValidateFunction {
  const ajv = new Ajv({ strict: false, allErrors: true, logger: false })
  return (schema) => ajv.compile(schema)
}
