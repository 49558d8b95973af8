// `claw-engine/channel`: what the author of a channel writes against, see docs/writing-a-channel.md. First the contract, then what
// chat platforms have in common.

// The contract.

export { ChannelError, RefusedError, UnsureError, unreached } from './channels/channel-errors.ts'
export type {
  ApprovalAnswer,
  ApprovalPrompt,
  Attachment,
  Channel,
  ChannelDefinition,
  ChannelFactory,
  ChannelHost,
  ChannelState,
  InboundMessage,
  OutboundFile,
  OutboundMessage,
  Receipt,
  ReplyStream,
  ReplyTarget,
  SendContext,
  SendResult,
  WebhookRequest,
  WebhookResponse,
} from './channels/port.ts'
export { type ChannelPlan, Secret } from './plan/plan.ts'
export type { ChannelTraits } from './plan/traits.ts'
export type { PluginModule } from './plugins/port.ts'
export type { Clock, Logger, Random } from './ports.ts'
export type { SchemaNode, SettingsFragment } from './schema-node.ts'

// A chat platform: queues, chunks, growing replies, buttons, the typing indicator.

export { type Button, buttonsOf, readCallback } from './channels/approval-buttons.ts'
export {
  type ChatPlatform,
  type ChatQueues,
  type ChatSender,
  type ChunkSender,
  createChatQueues,
  createChatSender,
  createChunkSender,
  REPEAT_NOTE,
  type SendOptions,
} from './channels/chat-sender.ts'
export { createEditStream, type EditStreamOptions } from './channels/edit-stream.ts'
export { type Dialect, PLAIN, renderMarkdown } from './channels/text/markdown.ts'
export { clampText, type RenderedChunk, splitRendered, splitText } from './channels/text/split.ts'
export { createTypingIndicator, type TypingPlatform } from './channels/typing-indicator.ts'

// Connections and calls: health, waits between attempts, rate limits, signatures, files.

export { type Backoff, createBackoff, sleep } from './channels/backoff.ts'
export { type ChannelHealth, createChannelHealth } from './channels/channel-health.ts'
export { type ConnectionEnd, keepConnected } from './channels/connection-loop.ts'
export { createKeptFile, type KeptFile } from './channels/kept-file.ts'
export { attach, type FileToFetch, fileNote, sniff, takes, withFiles } from './channels/media.ts'
export {
  type CallOptions,
  createPlatformCalls,
  type PlatformCalls,
  type PlatformCallsOptions,
  withCallSignal,
} from './channels/platform-calls.ts'
export { sign, signatureFits } from './channels/signature.ts'
export { createThrottle, type Throttle } from './channels/throttle.ts'
export { cleanName } from './text-cut.ts'
