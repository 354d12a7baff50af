using System.Net.Http.Json;
using System.Text.Json;
using Cassini.Tests.Cli;

namespace Cassini.Tests.Support;

/// <summary>A headless Chromium, led by chromedriver over WebDriver's plain HTTP.</summary>
internal sealed class Browser : IAsyncDisposable
{
    private readonly TempDirectory _directory;
    private readonly HttpClient _http = new();
    private readonly ChildProcess _driver;
    private string _session = "";

    private Browser(string driver, TempDirectory home)
    {
        _directory = home;
        _driver = ChildProcess.Start(driver, ["--port=0"], _directory.Path, [("HOME", _directory.Path)]);
    }

    /// <summary>Starts it on a page. Skips the test where there is none.</summary>
    public static Task<Browser> OpenAsync(string url) => OpenAsync(url, _ => Task.CompletedTask, new Dictionary<string, object>());

    /// <summary>Starts it on a page.</summary>
    /// <param name="url">The page.</param>
    /// <param name="prepare">Called before, with the home directory that it will have.</param>
    /// <param name="preferences">Its user's preferences.</param>
    public static async Task<Browser> OpenAsync(string url, Func<string, Task> prepare, IReadOnlyDictionary<string, object> preferences)
    {
        var chromium = Programs.Require("chromium");
        var driver = Programs.Require("chromedriver");
        var home = new TempDirectory();
        await prepare(home.Path);
        var browser = new Browser(driver, home);
        var started = await browser._driver.Out.LineAsync(
            "chromedriver starts", line => line.Contains("started successfully on port ", StringComparison.Ordinal),
            TimeSpan.FromSeconds(60));
        var address = $"http://127.0.0.1:{started.Split(' ')[^1].TrimEnd('.')}";
        var session = await browser.SendAsync($"{address}/session", new
        {
            capabilities = new
            {
                alwaysMatch = new Dictionary<string, object>
                {
                    ["goog:loggingPrefs"] = new { browser = "ALL" },
                    ["goog:chromeOptions"] = new
                    {
                        binary = chromium,

                        // No sandbox: it cannot be had by root, as containers run; and the only page is ours.
                        args = new[] { "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-proxy-server" },
                        prefs = preferences,
                    },
                },
            },
        });
        browser._session = $"{address}/session/{session.GetProperty("sessionId").GetString()}";
        await browser.GoAsync(url);
        return browser;
    }

    public Task GoAsync(string url) => SendAsync($"{_session}/url", new { url });

    /// <summary>Runs the body of a function in the page. It sees what it is given as <c>arguments</c>.</summary>
    public Task<JsonElement> RunAsync(string script, params object[] args) => SendAsync($"{_session}/execute/sync", new { script, args });

    /// <summary>A command of the DevTools protocol.</summary>
    public Task<JsonElement> CommandAsync(string cmd, object? parameters = null) =>
        SendAsync($"{_session}/goog/cdp/execute", new { cmd, @params = parameters ?? new { } });

    /// <summary>Clicks as a user does: on what is there and not covered.</summary>
    public Task ClickAsync(string selector) =>
        Eventually.BecomesAsync($"a click on {selector}", () => TryClickAsync(selector), clicked => clicked);

    /// <summary>Types as a user does.</summary>
    public async Task TypeAsync(string selector, string text) => await SendAsync($"{await FindAsync(selector)}/value", new { text });

    /// <summary>What the page has complained of on the console since it was last asked.</summary>
    public async Task<IReadOnlyList<string>> ErrorsAsync() =>
    [
        .. (await SendAsync($"{_session}/se/log", new { type = "browser" })).EnumerateArray()
            .Where(entry => entry.GetProperty("level").GetString() == "SEVERE")
            .Select(entry => entry.GetProperty("message").GetString()!),
    ];

    /// <summary>The text of the page, as someone sees it.</summary>
    public async Task<string> TextAsync() =>
        (await RunAsync("return document.body.innerText")).GetString()!;

    public Task ShowsAsync(string step, Func<string, bool> condition) =>
        Eventually.BecomesAsync(step, async () => await TextAsync(), condition, TimeSpan.FromSeconds(60));

    public async ValueTask DisposeAsync()
    {
        if (_session.Length > 0)
        {
            using var quit = await _http.DeleteAsync(_session, CancellationToken.None);
        }

        await _driver.DisposeAsync();
        _http.Dispose();
        _directory.Dispose();
    }

    /// <summary>False when the page has made the element anew before it could be clicked: a user clicks on the new one.</summary>
    private async ValueTask<bool> TryClickAsync(string selector)
    {
        using var answer = await PostAsync($"{await FindAsync(selector)}/click", new { });
        var text = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        var isStale = text.Contains("stale element reference", StringComparison.Ordinal);
        (answer.IsSuccessStatusCode || isStale).ShouldBeTrue(text);
        return !isStale;
    }

    private async Task<string> FindAsync(string selector)
    {
        var found = await SendAsync($"{_session}/element", new { @using = "css selector", value = selector });
        return $"{_session}/element/{found.EnumerateObject().First().Value.GetString()}";
    }

    private async Task<JsonElement> SendAsync(string url, object body)
    {
        using var answer = await PostAsync(url, body);
        var text = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        answer.IsSuccessStatusCode.ShouldBeTrue(text);
        return JsonDocument.Parse(text).RootElement.GetProperty("value").Clone();
    }

    private async Task<HttpResponseMessage> PostAsync(string url, object body)
    {
        // With its length: chromedriver's server does not read a chunked body.
        using var content = JsonContent.Create(body);
        await content.LoadIntoBufferAsync();
        return await _http.PostAsync(url, content, TestContext.Current.CancellationToken);
    }
}
