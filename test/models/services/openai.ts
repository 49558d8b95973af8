import { answer, answerWithCalls, call, calls, chunk, counts, DONE, data, type Service } from './quirk.ts'

export const openai: Service = {
  name: 'OpenAI',
  quirks: [
    {
      quirk: 'call-pieces',
      what: 'names first, arguments in pieces, several calls interleaved',
      body: answerWithCalls(
        chunk({ role: 'assistant', content: null }),
        calls({ index: 0, id: 'call_a', ...call('save', '') }),
        calls({ index: 1, id: 'call_b', ...call('save', '') }),
        calls({ index: 0, function: { arguments: '{"k":' } }, { index: 1, function: { arguments: '{"k"' } }),
        calls({ index: 1, function: { arguments: ':2}' } }),
        calls({ index: 0, function: { arguments: '1}' } }),
      ),
      expect: {
        calls: [
          ['save', { k: 1 }],
          ['save', { k: 2 }],
        ],
        stopReason: 'tool_use',
      },
    },
    {
      quirk: 'call-pieces',
      what: 'the older `function_call`',
      body: [
        chunk({ function_call: { name: 'save', arguments: '{"k"' } }),
        chunk({ function_call: { arguments: ':1}' } }),
        chunk({}, 'function_call'),
        DONE,
      ].join(''),
      expect: { calls: [['save', { k: 1 }]], stopReason: 'tool_use' },
    },
    {
      quirk: 'finish-reasons',
      what: 'a refusal in a field of its own',
      body: answer(chunk({ refusal: 'I can’t ' }), chunk({ refusal: 'do that.' })),
      expect: { text: 'I can’t do that.', stopReason: 'refusal' },
    },
    {
      quirk: 'failed-inside',
      what: 'an error object in place of a chunk',
      body:
        chunk({ content: 'half' }) +
        data({ error: { message: 'The server had an error', type: 'server_error', param: null, code: null } }),
      expect: { error: { kind: 'server', message: /had an error/ } },
    },
    {
      quirk: 'usage-names',
      what: 'a last chunk without choices; cached tokens are part of the prompt',
      body: answer(
        chunk({ content: 'hi', obfuscation: 'x' }),
        counts({ prompt_tokens: 10, completion_tokens: 5, total_tokens: 15, prompt_tokens_details: { cached_tokens: 4 } }),
      ),
      expect: { text: 'hi', usage: { input: 6, output: 5, cacheRead: 4 } },
    },
    {
      quirk: 'no-model',
      what: '404 with the code `model_not_found`',
      status: 404,
      body: JSON.stringify({
        error: {
          message: 'The model `m` does not exist or you do not have access to it.',
          type: 'invalid_request_error',
          param: null,
          code: 'model_not_found',
        },
      }),
      expect: { error: { kind: 'no_model' } },
    },
    {
      quirk: 'error-shape',
      what: 'a path that is none: 404 without a word of models',
      status: 404,
      body: JSON.stringify({
        error: { message: 'Invalid URL (POST /v2/chat/completions)', type: 'invalid_request_error', param: null, code: null },
      }),
      expect: { error: { kind: 'no_service', message: /baseURL/ } },
    },
    {
      quirk: 'no-media',
      what: '400 that names the kinds it takes',
      status: 400,
      body: JSON.stringify({
        error: {
          message:
            "You uploaded an unsupported image. Please make sure your image has of one the following formats: ['png', 'jpeg', 'gif', 'webp'].",
          type: 'invalid_request_error',
          param: null,
          code: 'invalid_image_format',
        },
      }),
      expect: { error: { kind: 'invalid' } },
    },
  ],
}
