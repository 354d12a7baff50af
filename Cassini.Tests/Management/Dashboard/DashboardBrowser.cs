using Cassini.Tests.Support;

namespace Cassini.Tests.Management.Dashboard;

/// <summary>One Chromium for all tests of the dashboard, one after the other: each begins with a page of its own.</summary>
public sealed class DashboardBrowser : IAsyncLifetime
{
    private Browser? _browser;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    /// <summary>Opens the dashboard as it is first seen. Skips the test where there is no Chromium.</summary>
    internal async Task<DashboardPage> OpenAsync(Uri management)
    {
        _browser ??= await Browser.OpenAsync("about:blank");
        await _browser.GoAsync("about:blank");
        await _browser.CommandAsync("Emulation.clearDeviceMetricsOverride");
        await _browser.CommandAsync("Emulation.setEmulatedMedia", new { features = Array.Empty<object>() });
        await _browser.ErrorsAsync();
        await _browser.GoAsync(management.ToString());
        return new DashboardPage(_browser);
    }

    public async ValueTask DisposeAsync()
    {
        if (_browser is not null)
        {
            await _browser.DisposeAsync();
        }
    }
}

/// <summary>Tests that share the browser.</summary>
[CollectionDefinition(Name)]
public sealed class DashboardTests : ICollectionFixture<DashboardBrowser>
{
    public const string Name = "dashboard";
}
