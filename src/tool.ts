// `claw-engine/tool`: what the author of a tool writes against, see docs/writing-a-tool.md.

export type { MediaBlock, TextBlock } from './models/port.ts'
export {
  type FetchedPage,
  GateError,
  type NetworkGate,
  type PathGate,
  type ShellResult,
  type ShellRunner,
  type Verdict,
} from './permissions/port.ts'
export { Secret } from './plan/plan.ts'
export type { ToolTraits } from './plan/traits.ts'
export type { PluginModule, PluginTool } from './plugins/port.ts'
export type { Clock, Logger } from './ports.ts'
export { fields, inputSchema, text } from './tools/input-fields.ts'
export type {
  MemoryHit,
  MemoryStore,
  SessionRef,
  Spawn,
  ToolCapabilities,
  ToolDefinition,
  ToolPolicy,
  ToolResult,
} from './tools/port.ts'
