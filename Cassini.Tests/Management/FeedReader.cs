using System.Text.Json;
using Cassini.Tests.Support;

namespace Cassini.Tests.Management;

/// <summary>A message of the feed, as it is on the wire.</summary>
internal sealed record FeedItem(string Type, string? Id, string Data)
{
    public JsonElement Json => JsonDocument.Parse(Data).RootElement;

    /// <summary>The name of the event in it.</summary>
    public string? EventType => Json.TryGetProperty("type", out var type) ? type.GetString() : null;

    public long Sequence => long.Parse(Id.ShouldNotBeNull()[(Id!.LastIndexOf('-') + 1)..]);

    public override string ToString() => $"{Type} {Id} {Data}";
}

/// <summary>Subscribes over real HTTP and reads line by line: not with the parser that is the formatter's twin.</summary>
internal sealed class FeedReader : IDisposable
{
    private readonly HttpResponseMessage _response;
    private readonly StreamReader _lines;

    private FeedReader(HttpResponseMessage response, Stream body)
    {
        _response = response;
        _lines = new StreamReader(body);
    }

    public HttpResponseMessage Response => _response;

    public static Task<FeedReader> OpenAsync(ManagementRig rig, string query = "", string? lastEventId = null, string? accept = null) =>
        OpenAsync(rig.Http, query, lastEventId, accept);

    public static async Task<FeedReader> OpenAsync(
        HttpClient http, string query = "", string? lastEventId = null, string? accept = null, string path = "/events")
    {
        var request = new HttpRequestMessage(HttpMethod.Get, path + query);
        if (lastEventId is not null)
        {
            request.Headers.TryAddWithoutValidation("Last-Event-ID", lastEventId).ShouldBeTrue();
        }

        if (accept is not null)
        {
            request.Headers.TryAddWithoutValidation("Accept", accept);
        }

        var response = await Eventually.CompletesAsync(
            "opening the feed", http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken));
        response.IsSuccessStatusCode.ShouldBeTrue(response.ToString());
        return new FeedReader(response, await response.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken));
    }

    /// <summary>The next message; null at the end.</summary>
    public async Task<FeedItem?> NextAsync(string step = "the next message of the feed")
    {
        string? type = null, id = null, data = null;
        while (await Eventually.CompletesAsync(step, _lines.ReadLineAsync(TestContext.Current.CancellationToken).AsTask()) is { } line)
        {
            if (line.Length == 0)
            {
                return new FeedItem(type.ShouldNotBeNull(), id, data.ShouldNotBeNull());
            }

            var (field, value) =
                (line[..line.IndexOf(": ", StringComparison.Ordinal)], line[(line.IndexOf(": ", StringComparison.Ordinal) + 2)..]);
            switch (field)
            {
                case "event": type = value; break;
                case "id": id = value; break;
                case "data":
                    data.ShouldBeNull("an event's data is one line");
                    data = value;
                    break;
                default: throw new InvalidDataException($"unexpected line: {line}");
            }
        }

        return null;
    }

    /// <summary>The next message, which must be of this type.</summary>
    public async Task<FeedItem> ExpectAsync(string type)
    {
        var item = (await NextAsync($"a message {type}")).ShouldNotBeNull($"the feed ended before {type}");
        item.Type.ShouldBe(type, item.ToString());
        return item;
    }

    /// <summary>The next event or transition; heartbeats between are skipped, and do not extend the deadline.</summary>
    public Task<FeedItem> ExpectEventAsync(string eventType) =>
        Eventually.CompletesAsync($"the event {eventType}", NextEventAsync(eventType));

    public void Dispose()
    {
        _lines.Dispose();
        _response.Dispose();
    }

    private async Task<FeedItem> NextEventAsync(string eventType)
    {
        FeedItem item;
        do
        {
            item = (await NextAsync($"the event {eventType}")).ShouldNotBeNull($"the feed ended before {eventType}");
        }
        while (item.Type == "heartbeat");

        item.EventType.ShouldBe(eventType, item.ToString());
        return item;
    }
}
