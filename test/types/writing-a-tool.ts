// The TypeScript of docs/writing-a-tool.md, which a test holds to be the same.

import type { PluginModule, PluginTool } from '../../src/tool.ts'

const convert: PluginTool<{ value: number; from: 'km' | 'mi' | 'm'; to: 'km' | 'mi' | 'm'; digits?: number }> = async (
  { value, from, to },
  { signal },
) => {
  signal.throwIfAborted()
  return `${value} ${from} in ${to}`
}

export default { tools: { convert } } satisfies PluginModule
