import { answer, answerWithCalls, call, calls, chunk, type Service } from './quirk.ts'

export const llamaCpp: Service = {
  name: 'llama.cpp',
  quirks: [
    {
      quirk: 'map-arguments',
      what: 'a text of JSON that holds the arguments as a text',
      body: answerWithCalls(calls({ index: 0, id: 'a', ...call('save', '"{\\"k\\":1}"') })),
      expect: { calls: [['save', { k: 1 }]] },
    },
    {
      quirk: 'no-finish',
      what: 'the connection ends with the text',
      body: chunk({ content: 'hi' }) + chunk({ content: ' there' }),
      expect: { text: 'hi there', stopReason: 'end_turn' },
    },
    {
      quirk: 'failed-inside',
      what: 'an `error:` line between the data',
      body: `${chunk({ content: 'ha' })}error: {"code":500,"message":"context shift is disabled","type":"server_error"}\n\n`,
      expect: { error: { kind: 'server', message: /context shift/ } },
    },
    {
      quirk: 'stream-form',
      what: 'no end mark, no empty line after the last event',
      body: (chunk({ content: 'hi' }) + chunk({}, 'stop', { timings: { predicted_n: 1 } })).trimEnd(),
      expect: { text: 'hi', stopReason: 'end_turn' },
    },
    {
      quirk: 'no-usage',
      what: 'zeros',
      body: answer(chunk({ content: 'hi' }, null, { usage: { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 } })),
      expect: { text: 'hi', usage: { input: 0, output: 0 } },
    },
    {
      quirk: 'error-shape',
      what: '`exceed_context_size_error`',
      status: 400,
      body: JSON.stringify({
        error: {
          code: 400,
          message: 'the request exceeds the available context size, try increasing it',
          type: 'exceed_context_size_error',
          n_prompt_tokens: 9000,
          n_ctx: 8192,
        },
      }),
      expect: { error: { kind: 'context' } },
    },
    {
      quirk: 'no-media',
      what: '500 in words',
      status: 500,
      body: JSON.stringify({
        error: {
          code: 500,
          message: 'image input is not supported - hint: if this is unexpected, you may need to provide the mmproj',
          type: 'server_error',
        },
      }),
      expect: { error: { kind: 'invalid' } },
    },
  ],
}
