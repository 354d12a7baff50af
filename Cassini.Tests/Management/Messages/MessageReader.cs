using System.Text.Json;
using Cassini.Tests.Support;

namespace Cassini.Tests.Management.Messages;

/// <summary>Reads GET /messages line by line: not with the parser that is the formatter's twin.</summary>
internal sealed class MessageReader : IDisposable
{
    private readonly HttpResponseMessage _response;
    private readonly StreamReader _lines;

    private MessageReader(HttpResponseMessage response, Stream body)
    {
        _response = response;
        _lines = new StreamReader(body);
    }

    public HttpResponseMessage Response => _response;

    /// <summary>Opens a stream, and reads that it is subscribed.</summary>
    public static async Task<MessageReader> OpenAsync(HttpClient http, params string[] filters)
    {
        var query = string.Join('&', filters.Select(filter => "filter=" + Uri.EscapeDataString(filter)));
        var response = await Eventually.CompletesAsync(
            "opening the stream",
            http.GetAsync("/messages?" + query, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken));
        response.IsSuccessStatusCode.ShouldBeTrue(
            response.IsSuccessStatusCode ? null : await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        var reader = new MessageReader(response, await response.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken));
        (await reader.NextAsync("it is subscribed")).ShouldNotBeNull().Type.ShouldBe("subscribed");
        return reader;
    }

    /// <summary>The next event; null at the end.</summary>
    public async Task<FeedItem?> NextAsync(string step = "the next event of the stream")
    {
        string? type = null, data = null;
        while (await Eventually.CompletesAsync(step, _lines.ReadLineAsync(TestContext.Current.CancellationToken).AsTask()) is { } line)
        {
            if (line.Length == 0)
            {
                return new FeedItem(type.ShouldNotBeNull(), null, data.ShouldNotBeNull());
            }

            var colon = line.IndexOf(": ", StringComparison.Ordinal);
            var value = line[(colon + 2)..];
            switch (line[..colon])
            {
                case "event":
                    type = value;
                    break;
                case "data":
                    data.ShouldBeNull("data is one line");
                    data = value;
                    break;
                default:
                    throw new InvalidOperationException($"'{line}' has no meaning");
            }
        }

        return null;
    }

    /// <summary>The next event is one of this type.</summary>
    public async Task<JsonElement> ExpectAsync(string type)
    {
        var next = await NextAsync(type);
        next.ShouldNotBeNull($"{type} is expected").Type.ShouldBe(type, next.Data);
        return next.Json;
    }

    public void Dispose()
    {
        _lines.Dispose();
        _response.Dispose();
    }
}
