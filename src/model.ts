// `claw-engine/model`: what the author of a model service writes against, see docs/writing-a-model-service.md.

export type {
  ContentBlock,
  MediaBlock,
  ModelErrorKind,
  ModelMessage,
  ModelProvider,
  ModelRequest,
  ModelResult,
  OfferedModel,
  ProviderDefinition,
  ProviderFactory,
  ProviderWorld,
  StopReason,
  TextBlock,
  ThinkingBlock,
  ToolResultBlock,
  ToolSpec,
  ToolUseBlock,
  Usage,
} from './models/port.ts'
export { ModelError } from './models/port.ts'
export { responseError } from './models/response-error.ts'
export { callService, type ServiceCall } from './models/service.ts'
export { type Price, type ProviderSpec, Secret } from './plan/plan.ts'
export type { ProviderTraits } from './plan/traits.ts'
export type { PluginModule } from './plugins/port.ts'
export type { Clock, Logger, Random } from './ports.ts'
export { abortSignal, type StopSignal } from './stop.ts'
