using System.Text.Json;
using Cassini.Tests.Support;

namespace Cassini.Tests.Management.Dashboard;

/// <summary>The dashboard in a browser, seen as a user sees it.</summary>
internal sealed class DashboardPage(Browser browser)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    public Browser Browser => browser;

    /// <summary>The text of what a selector finds, as someone sees it; empty when it finds nothing.</summary>
    public async Task<string> TextAsync(string selector)
    {
        var text = await browser.RunAsync(
            """
            return [...document.querySelectorAll(arguments[0])]
              .map(element => element.checkVisibility() ? element.innerText : '')
              .join('\n')
            """,
            selector);
        return text.GetString()!;
    }

    public Task<string> ShowsAsync(string step, string selector, Func<string, bool> condition) =>
        Eventually.BecomesAsync(step, async () => await TextAsync(selector), condition, Patience);

    public Task<string> ShowsAsync(string selector, string text) =>
        ShowsAsync($"{selector} shows {text}", selector, shown => shown.Contains(text, StringComparison.Ordinal));

    public async Task<int> CountAsync(string selector) =>
        (await browser.RunAsync("return document.querySelectorAll(arguments[0]).length", selector)).GetInt32();

    public Task HasAsync(string step, string selector, int times) =>
        Eventually.BecomesAsync(step, async () => await CountAsync(selector), count => count == times, Patience);

    /// <summary>From now on the page's requests are noted, each when it is made: before anything that the page shows after it.</summary>
    public Task NoteRequestsAsync() => browser.RunAsync(
        """
        const send = window.fetch;
        window.noted = [];
        window.fetch = (path, options) => {
          window.noted.push(`${options.method} ${path}`);
          return send(path, options);
        };
        """);

    /// <summary>The requests since then that begin so.</summary>
    public async Task<string[]> RequestsAsync(string begin) =>
    [
        .. (await browser.RunAsync("return window.noted.filter(request => request.startsWith(arguments[0]))", begin))
            .EnumerateArray().Select(request => request.GetString()!),
    ];

    /// <summary>From now on the page's clock stands.</summary>
    /// <param name="seconds">Of the broker's run.</param>
    public Task StandAtAsync(double seconds) => browser.RunAsync(
        """
        return import('/dashboard/clock.js').then(({ Clock }) => {
          Object.defineProperty(Clock.prototype, 'now', { get: () => arguments[0], configurable: true });
        });
        """,
        seconds);

    /// <summary>The page follows the feed.</summary>
    public Task IsLiveAsync() => ShowsAsync("#feed", "live");

    /// <summary>The browser logs every answer of 404, also that an embedded broker has no settings and no log of its own.</summary>
    public async Task HasNoErrorsAsync() => (await browser.ErrorsAsync())
        .Where(error => !error.Contains("/config - ", StringComparison.Ordinal)
            && !error.Contains("/log-level - ", StringComparison.Ordinal))
        .ShouldBeEmpty();

    /// <summary>Presses a key, as a user does.</summary>
    /// <param name="key">Its name.</param>
    /// <param name="code">Its Windows virtual key code.</param>
    public async Task PressAsync(string key, int code)
    {
        await browser.CommandAsync(
            "Input.dispatchKeyEvent",
            new { type = "keyDown", key, code = key, windowsVirtualKeyCode = code, text = key == "Enter" ? "\r" : "" });
        await browser.CommandAsync("Input.dispatchKeyEvent", new { type = "keyUp", key, code = key, windowsVirtualKeyCode = code });
    }

    /// <summary>What assistive technology is given: role, name and level of each node that is not hidden from it.</summary>
    public async Task<IReadOnlyList<(string Role, string Name, int? Level)>> AccessibilityTreeAsync()
    {
        var tree = await browser.CommandAsync("Accessibility.getFullAXTree");
        return [.. tree.GetProperty("nodes").EnumerateArray().Where(node => !node.GetProperty("ignored").GetBoolean()).Select(Read)];
    }

    private static (string Role, string Name, int? Level) Read(JsonElement node)
    {
        var level = node.TryGetProperty("properties", out var properties)
            ? properties.EnumerateArray().Where(property => property.GetProperty("name").GetString() == "level")
                .Select(property => (int?)property.GetProperty("value").GetProperty("value").GetInt32()).FirstOrDefault()
            : null;
        return (Text(node, "role"), Text(node, "name"), level);
    }

    private static string Text(JsonElement node, string name) =>
        node.TryGetProperty(name, out var value) && value.TryGetProperty("value", out var text) ? text.ToString() : "";
}
