// Server-Sent Events out of a stream of text, by the rules of the HTML standard.

export class SseParser {
  #rest = '';
  #type = '';
  #data = [];
  #id;

  /** Parses a piece of text, and returns the messages that it completes. */
  push(text) {
    const messages = [];
    const lines = (this.#rest + text).split(/\r\n|\n|\r(?!$)/);
    this.#rest = lines.pop();
    for (const line of lines) {
      if (line === '') {
        this.#end(messages);
      } else {
        this.#field(line);
      }
    }

    return messages;
  }

  #end(messages) {
    if (this.#data.length > 0) {
      messages.push({ type: this.#type || 'message', data: this.#data.join('\n'), id: this.#id });
    }

    this.#type = '';
    this.#data = [];
    this.#id = undefined;
  }

  #field(line) {
    const colon = line.indexOf(':');
    const name = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (name === 'event') {
      this.#type = value;
    } else if (name === 'data') {
      this.#data.push(value);
    } else if (name === 'id') {
      this.#id = value;
    }
  }
}

/** The messages of an answer, as they come. `alive` is called for every byte. */
export async function* messagesOf(response, alive = () => {}) {
  const parser = new SseParser();
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  try {
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      alive();
      for (const message of parser.push(part.value)) {
        yield { ...message, data: JSON.parse(message.data) };
      }
    }
  } finally {
    reader.cancel().catch(() => {});
  }
}
