using System.Globalization;
using System.Net;
using System.Text;
using Microsoft.AspNetCore.WebUtilities;

namespace Cassini.Management.Transport;

/// <summary>Has the application answer a <see cref="BareRequest"/>, with every guard that is before an endpoint.</summary>
internal static class BareAnswer
{
    /// <summary>The answer, ready to be sent.</summary>
    /// <param name="request">The request.</param>
    /// <param name="application">Answers it.</param>
    /// <param name="services">Of the application.</param>
    /// <param name="remote">Who asks.</param>
    /// <param name="now">The time.</param>
    /// <returns>Null when the application must wait for something, which a probe never does.</returns>
    public static byte[]? To(
        BareRequest request, RequestDelegate application, IServiceProvider services, IPEndPoint remote, DateTimeOffset now)
    {
        var body = new MemoryStream();
        var context = new DefaultHttpContext { RequestServices = services };
        context.Request.Method = request.Method;
        context.Request.Scheme = "http";
        context.Request.Path = request.Path;
        context.Request.Protocol = request.Protocol;
        foreach (var (name, values) in request.Headers)
        {
            context.Request.Headers[name] = values;
        }

        context.Connection.RemoteIpAddress = remote.Address;
        context.Connection.RemotePort = remote.Port;
        context.Response.Body = body;
        var answering = application(context);
        if (!answering.IsCompleted)
        {
            return null;
        }

        answering.GetAwaiter().GetResult();
        return Bytes(context.Response, body, request.KeepsAlive, now);
    }

    private static byte[] Bytes(HttpResponse response, MemoryStream body, bool keepsAlive, DateTimeOffset now)
    {
        response.ContentLength ??= body.Length;
        response.Headers.Date = now.ToString("r", CultureInfo.InvariantCulture);
        if (!keepsAlive)
        {
            response.Headers.Connection = "close";
        }

        var head = new StringBuilder("HTTP/1.1 ")
            .Append(response.StatusCode).Append(' ').Append(ReasonPhrases.GetReasonPhrase(response.StatusCode)).Append("\r\n");
        foreach (var (name, values) in response.Headers)
        {
            head.Append(name).Append(": ").Append(values).Append("\r\n");
        }

        return [.. Encoding.ASCII.GetBytes(head.Append("\r\n").ToString()), .. body.ToArray()];
    }
}
