// The public API. Common: load a configuration, ask it, run it. Advanced: build an engine from parts of your own, and write
// channels, tools and model services against their ports.

// Advanced.
export type { EngineEvent } from './agent/events.ts'
export { builtinRegistry } from './builtin.ts'
export * as channelKit from './channels/kit/index.ts'
export * from './channels/port.ts'
export { type LoadOptions, type LoadResult, loadPlan } from './config/load-plan.ts'
export { createEngine, type EngineOptions } from './engine/engine.ts'
export type { Engine } from './engine/port.ts'
export { ClawError, CODES, type Code, type Diagnostic, hasErrors } from './errors.ts'
export * from './models/port.ts'
export type { AgentPlan, ChannelPlan, Plan, RouteInput, RulePlan, Secret } from './plan/plan.ts'
export { explainRoute, routeMessage } from './plan/route.ts'
export { createRouter } from './plan/router.ts'
export { sessionKey } from './plan/session-key.ts'
export { type Clock, type Logger, type Random, silentLogger, systemClock, systemRandom } from './ports.ts'
export type { ProviderDefinition, Registry } from './registry.ts'
export { type Claw, type StartOptions, startClaw } from './start.ts'
export type { Storage } from './storage/ports.ts'
export { runTests, type TestReport } from './testing/run-tests.ts'
export type { ToolContext, ToolDefinition, ToolResult, ToolRun } from './tools/port.ts'
