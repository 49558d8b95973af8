import { answer, answerWithCalls, call, calls, chunk, counts, DONE, type Service } from './quirk.ts'

const signed = { google: { thought_signature: 'c2ln' } }

export const gemini: Service = {
  name: 'Gemini',
  quirks: [
    {
      quirk: 'call-fields',
      what: '`extra_content.google.thought_signature` of a call',
      body: answerWithCalls(calls({ index: 0, id: 'function-call-1', extra_content: signed, ...call('save', '{"k":1}') })),
      expect: {
        calls: [['save', { k: 1 }]],
        sentBack: { tool_calls: [{ id: 'function-call-1', extra_content: signed, function: { name: 'save' } }] },
      },
    },
    {
      quirk: 'thoughts-go-back',
      what: 'the signature of a text, in `extra_content` of the message',
      body: answer(chunk({ content: 'hi' }), chunk({ content: '', extra_content: signed })),
      expect: { text: 'hi', sentBack: { content: 'hi', extra_content: signed } },
    },
    {
      quirk: 'whole-calls',
      what: 'every call whole and under index 0, the reason is `stop`',
      body: answer(
        calls({ index: 0, id: 'function-call-1', ...call('save', '{"k":1}') }),
        calls({ index: 0, id: 'function-call-2', ...call('save', '{"k":2}') }),
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
      quirk: 'call-ids',
      what: 'empty ids',
      body: answer(calls({ index: 0, id: '', ...call('save', '{"k":1}') }, { index: 0, id: '', ...call('save', '{"k":2}') })),
      expect: {
        calls: [
          ['save', { k: 1 }],
          ['save', { k: 2 }],
        ],
        stopReason: 'tool_use',
      },
    },
    {
      quirk: 'finish-reasons',
      what: 'a filter and what it found',
      body: [chunk({ content: 'no' }), chunk({}, 'content_filter: PROHIBITED_CONTENT'), DONE].join(''),
      expect: { text: 'no', stopReason: 'refusal' },
    },
    {
      quirk: 'finish-reasons',
      what: 'a call that the model wrote wrong: asked again',
      body: [chunk({}), chunk({}, 'function_call_filter: MALFORMED_FUNCTION_CALL'), DONE].join(''),
      expect: { error: { kind: 'server', message: /MALFORMED_FUNCTION_CALL/ } },
    },
    {
      quirk: 'usage-names',
      what: 'thoughts count in the total alone',
      body: answer(chunk({ content: 'hi' }), counts({ prompt_tokens: 10, completion_tokens: 2, total_tokens: 90 })),
      expect: { usage: { input: 10, output: 80 } },
    },
    {
      quirk: 'error-shape',
      what: 'a list with one error',
      status: 400,
      body: JSON.stringify([{ error: { code: 400, message: 'Unable to process input image.', status: 'INVALID_ARGUMENT' } }]),
      expect: { error: { kind: 'invalid', message: /Unable to process input image/ } },
    },
    {
      quirk: 'no-model',
      what: '404, in a list',
      status: 404,
      body: JSON.stringify([
        {
          error: {
            code: 404,
            message: 'models/gemini-0 is not found for API version v1main, or is not supported for generateContent.',
            status: 'NOT_FOUND',
          },
        },
      ]),
      expect: { error: { kind: 'no_model' } },
    },
  ],
}
