using Grpc.Core;
using Grpc.Core.Interceptors;

namespace Cassini.Management.GrpcHealth;

/// <summary>
/// Logs a call that fails by a fault of ours. The framework's own log of failed calls is at Debug, because callers can provoke its
/// messages.
/// </summary>
internal sealed partial class OwnFaults(ILoggerFactory loggers) : Interceptor
{
    private readonly ILogger _logger = loggers.CreateLogger<OwnFaults>();

    public override async Task<TResponse> UnaryServerHandler<TRequest, TResponse>(
        TRequest request, ServerCallContext context, UnaryServerMethod<TRequest, TResponse> continuation)
    {
        try
        {
            return await continuation(request, context);
        }
        catch (Exception fault) when (IsOurs(fault, context))
        {
            CallFailed(_logger, context.Method, fault);
            throw;
        }
    }

    public override async Task ServerStreamingServerHandler<TRequest, TResponse>(
        TRequest request,
        IServerStreamWriter<TResponse> responseStream,
        ServerCallContext context,
        ServerStreamingServerMethod<TRequest, TResponse> continuation)
    {
        try
        {
            await continuation(request, responseStream, context);
        }
        catch (Exception fault) when (IsOurs(fault, context))
        {
            CallFailed(_logger, context.Method, fault);
            throw;
        }
    }

    /// <summary>A refusal is an answer, and what a call throws after its caller has gone is the caller's doing.</summary>
    private static bool IsOurs(Exception fault, ServerCallContext context) =>
        fault is not RpcException && !context.CancellationToken.IsCancellationRequested;

    [LoggerMessage(2110, LogLevel.Error, "The call {Method} failed by a fault of the health service")]
    private static partial void CallFailed(ILogger logger, string method, Exception fault);
}
