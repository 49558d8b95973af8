// The public API. Three groups: what most programs need, the parts of an engine, and the ports that channels, tools and model
// services are written against.

// Common: a file in, a Plan or diagnostics out; the Plan asked; the whole of it tested, or run.

export { builtinRegistry } from './builtin.ts'
export { type LoadOptions, type LoadResult, loadPlan } from './config/load-plan.ts'
export type { Accepted, Caller, Engine, Refused, ReloadResult, Status } from './engine/port.ts'
export { ClawError, CODES, type Code, type Diagnostic, EXIT, hasErrors } from './errors.ts'
export { type AccessRow, accessOf } from './plan/access.ts'
export { type Routed, type Router, routeMessage } from './plan/admission.ts'
export type { Change } from './plan/change.ts'
export { diffPlans, type PlanDiff } from './plan/diff.ts'
export { type AgentPlan, type ChannelPlan, type Plan, type RouteInput, type RulePlan, Secret } from './plan/plan.ts'
export { explainRoute, type RouteExplanation } from './plan/route.ts'
export { createRouter } from './plan/router.ts'
export { sessionKey } from './plan/session-key.ts'
export { type Claw, type StartOptions, startClaw } from './start.ts'
export { runTests, type TestReport } from './testing/run-tests.ts'

// Advanced: an engine built from parts of your own, and what it tells as it runs.

export type { EngineEvent } from './agent/events.ts'
export { createEngine, type EngineOptions } from './engine/engine.ts'
export type { HookedModelCall, HookedToolCall, Hooks } from './engine/hooks.ts'
export type { TurnRequest } from './engine/turns/request-tokens.ts'
export { type Clock, type Logger, type Random, silentLogger, systemClock, systemRandom } from './ports.ts'
export { type EmbeddedStorageOptions, openEmbeddedStorage } from './storage/embedded/storage.ts'
export type { Storage } from './storage/ports.ts'

// One more channel, tool or model service is an entry in the registry that is passed in, or comes with a plugin. What their authors
// write against is in `claw-engine/channel`, `/tool` and `/model`; the contracts themselves are here too.

export * from './channels/port.ts'
export * from './models/port.ts'
export { GateError, type NetworkGate, type PathGate, type ShellRunner } from './permissions/port.ts'
export type { PluginModule, PluginTool } from './plugins/port.ts'
export type { Registry } from './registry.ts'
export type { SchemaNode, SettingsFragment } from './schema-node.ts'
export type {
  MemoryHit,
  MemoryStore,
  SessionRef,
  Spawn,
  ToolCapabilities,
  ToolDefinition,
  ToolPolicy,
  ToolResult,
  ToolTraits,
} from './tools/port.ts'
