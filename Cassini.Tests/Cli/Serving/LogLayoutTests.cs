using System.Text.Json;
using Cassini.Streams.Primitives;
using Cassini.Web.Cli.Serving;
using Microsoft.Extensions.Logging;

namespace Cassini.Tests.Cli.Serving;

public class LogLayoutTests
{
    private static readonly LogEntry Entry = new(
        new DateTimeOffset(2026, 11, 22, 10, 15, 30, 500, TimeSpan.Zero), LogLevel.Information, "Cassini.Events", 1700, "phase Ready");

    private readonly LoggerExternalScopeProvider _scopes = new();

    [Theory]
    [InlineData(LogLevel.Trace, "trace")]
    [InlineData(LogLevel.Debug, "debug")]
    [InlineData(LogLevel.Information, "info ")]
    [InlineData(LogLevel.Warning, "warn ")]
    [InlineData(LogLevel.Error, "error")]
    [InlineData(LogLevel.Critical, "crit ")]
    public void Text_AnEntry_IsTimeLevelSourceAndMessage(LogLevel level, string word) =>
        Text(Entry with { Level = level }).ShouldBe($"2026-11-22T10:15:30.500Z {word} Events[1700]: phase Ready\n");

    [Fact]
    public void Text_CategoryOfAnother_IsNamedInFull() =>
        Text(Entry with { Category = "Microsoft.AspNetCore.Server.Kestrel", Id = 0 })
            .ShouldEndWith(" Microsoft.AspNetCore.Server.Kestrel: phase Ready\n");

    [Fact]
    public void Text_MessageWithBlanksAtItsEnd_HasNone() => Text(Entry with { Message = "a: b  " }).ShouldEndWith("]: a: b\n");

    [Fact]
    public void Text_MessageOfStrangers_StaysOnItsLineAndIsHarmless() =>
        Text(Entry with { Message = "café → a\nb\u001b[2J\u202e" }).ShouldEndWith("]: café → a\\nb\\u{1B}[2J\\u{202E}\n");

    [Fact]
    public void Text_Exception_IsIndented()
    {
        var lines = Text(Entry with { Exception = new InvalidOperationException("boom\n\u001b[2J", new IOException("disk")) }).Split('\n');

        lines[1].ShouldBe("    System.InvalidOperationException: boom");
        lines[2..^1].ShouldAllBe(line => line.StartsWith("    ") && line == line.TrimEnd() && !line.Contains('\u001b'));
        lines[^1].ShouldBeEmpty();
    }

    [Fact]
    public void Text_Scopes_AreAtTheEnd()
    {
        using var trace = _scopes.Push(new Dictionary<string, object?> { ["TraceId"] = "4bf9" });

        Text(Entry).ShouldEndWith("phase Ready TraceId=4bf9\n");
    }

    [Fact]
    public void Json_AnEntry_IsOneLineThatPeopleCanReadToo()
    {
        using var trace = _scopes.Push(new Dictionary<string, object?> { ["TraceId"] = "4bf9" });
        var line = Json(Entry with
        {
            Message = "café → a\nb\u001b\u202e 😀 ",
            Exception = new IOException("disk"),
            Values =
            [
                new("Duration", new LogDuration(TimeSpan.FromSeconds(1.5))), new("Count", 3), new("Kept", true), new("Name", "é\u200b"),
            ],
        });

        line.ShouldStartWith(
            """{"Timestamp":"2026-11-22T10:15:30.500Z","EventId":1700,"LogLevel":"Information","Category":"Cassini.Events",""");
        line.ShouldContain("\"Message\":\"café → a\\nb\\u001B\\u202e ");
        line.ShouldContain("\"State\":{\"Duration\":1.5,\"Count\":3,\"Kept\":true,\"Name\":\"é\\u200b\"}");
        line.Count(character => character == '\n').ShouldBe(1);
        var json = JsonDocument.Parse(line).RootElement;
        json.GetProperty("Message").GetString().ShouldBe("café → a\nb\u001b\u202e 😀");
        json.GetProperty("Exception").GetString().ShouldStartWith("System.IO.IOException: disk");
        json.GetProperty("Scopes")[0].GetProperty("TraceId").GetString().ShouldBe("4bf9");
    }

    private string Text(LogEntry entry) => new TextLayout().Of(entry, _scopes);

    private string Json(LogEntry entry) => new JsonLayout().Of(entry, _scopes);
}
