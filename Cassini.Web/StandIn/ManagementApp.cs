using Cassini.Streams.Hosting;

namespace Cassini.Web.Management;

internal static class ManagementApp
{
    public static WebApplication Create(BrokerHost host, ILoggerFactory loggers, TimeProvider time)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        var app = builder.Build();
        app.Urls.Add("http://" + host.Options.Management.Address);
        app.MapGet("/readyz", () => Results.Json(new { status = "ok" }));
        app.MapGet("/healthz", () => Results.Json(new { status = "ok" }));
        return app;
    }
}
