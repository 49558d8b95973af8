// What a try at a service threw in, the kind of failure out: from its status, the names it gives and, where those say too
// little, its words.

import type { ModelErrorKind } from './port.ts'

/** A stream that ended before the service said that it was done. */
export class StreamCut extends Error {}
/** The service said in its answer that it failed; it may do better when asked again. */
export class ServiceFailed extends Error {}
/** What answered is no model service. */
export class NoService extends Error {}

/** An error as the services' clients throw it, or any other. */
export interface Failure {
  readonly status?: number | undefined
  readonly headers?: Headers | undefined
  readonly type?: string | null | undefined
  readonly code?: string | null | undefined
  readonly param?: string | null | undefined
  readonly message: string
  readonly cause?: unknown
}

const TOO_LONG =
  /prompt is too long|context[ _](?:window|length|limit|size)|maximum context|exceeds? the (?:available )?context|too many (?:input )?tokens|input token count|maximum (?:prompt|input) length|reduce the length|too large for model with/i
const NO_MONEY = /credit balance is too low|insufficient_quota|billing/i
const OF_A_MODEL = /\bmodels?\b|deployment|endpoints? found/i
const NO_MODEL =
  /not a valid model|invalid model (?:name|id)|model identifier is invalid|model\S* .{0,80}(?:does not exist|not found)/i
/** A model that takes no pictures or files: the request is at fault, whatever the status says. */
export const NO_MEDIA =
  /(?:image|vision|multimodal|multi-modal|video|audio|pdf|document|file)s?\b[^.]{0,60}(?:not support|unsupported|not allowed|not accepted|not enabled)|(?:not support|unsupported|no endpoints found that support|missing data required for|not a)[^.]{0,40}(?:image|vision|multimodal|multi-modal|video|audio|pdf|document|file)/i

const BY_NAME: Readonly<Record<string, ModelErrorKind>> = {
  authentication_error: 'credentials',
  permission_error: 'credentials',
  billing_error: 'credentials',
  insufficient_quota: 'credentials',
  rate_limit_error: 'rate_limit',
  overloaded_error: 'overloaded',
  api_error: 'server',
  server_error: 'server',
  timeout_error: 'timeout',
  request_too_large: 'context',
  context_length_exceeded: 'context',
  exceed_context_size_error: 'context',
  invalid_request_error: 'invalid',
  model_not_found: 'no_model',
  model_not_available: 'no_model',
  invalid_model: 'no_model',
  tool_use_failed: 'server',
  DeploymentNotFound: 'no_model',
}

export function failureKind(failure: Failure): ModelErrorKind {
  if (failure instanceof NoService) return 'no_service'
  if (failure instanceof ServiceFailed) return 'server'
  if (failure instanceof StreamCut || failure instanceof SyntaxError) return 'network'
  const named = BY_NAME[failure.code ?? ''] ?? BY_NAME[failure.type ?? '']
  return failure.status === undefined ? withoutStatus(failure, named) : byStatus(failure, failure.status, named)
}

function byStatus({ code, message }: Failure, status: number, named: ModelErrorKind | undefined): ModelErrorKind {
  if (named === 'context' || status === 413 || (status < 500 && TOO_LONG.test(message))) return 'context'
  if (status === 401 || status === 402 || status === 403) return 'credentials'
  if ((status === 400 || status === 429) && NO_MONEY.test(`${code} ${message}`)) return 'credentials'
  if (status === 429) return 'rate_limit'
  if (NO_MEDIA.test(message)) return 'invalid'
  if (named === 'no_model' || (status < 500 && NO_MODEL.test(message))) return 'no_model'
  if (status === 404) return OF_A_MODEL.test(message) ? 'no_model' : 'no_service'
  if (status === 405 || status < 400) return 'no_service'
  if (status === 503 || status === 529) return 'overloaded'
  if (status === 408 || status === 504) return 'timeout'
  if (status >= 500 || status === 409 || named === 'server') return 'server'
  return 'invalid'
}

function withoutStatus(failure: Failure, named: ModelErrorKind | undefined): ModelErrorKind {
  const { message } = failure
  if (named !== undefined) return named === 'invalid' && TOO_LONG.test(message) ? 'context' : named
  // An error inside a stream may carry the status as its code.
  const status = Number(failure.code)
  if (status >= 400 && status <= 599) return byStatus(failure, status, named)
  if (/timed? ?out/i.test(message)) return 'timeout'
  if (failure.cause !== undefined || isSystemError(failure)) return 'network'
  return failure instanceof TypeError || failure instanceof RangeError || failure instanceof ReferenceError
    ? 'invalid'
    : 'network'
}

const isSystemError = (failure: Failure): boolean => typeof failure.code === 'string' && /^[A-Z_]+$/.test(failure.code)

const WINDOWS = [
  />\s*(\d{3,})/,
  /(?:maximum|max|available)[^.\d]{0,60}?(?:is|of|:)?\s*(\d{3,})/i,
  /context (?:window|length|size|limit)[^.\d]{0,40}?(\d{3,})/i,
  /"?n_ctx"?\D{1,3}(\d{3,})/i,
]

/** The tokens a service says it takes, in the words of its refusal. */
export function windowIn(message: string): number | undefined {
  for (const pattern of WINDOWS) {
    const found = pattern.exec(message)
    if (found !== null) return Number(found[1])
  }
  return undefined
}
