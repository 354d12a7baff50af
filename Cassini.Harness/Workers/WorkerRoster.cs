using System.Text.Json;
using System.Text.RegularExpressions;
using Cassini.Streams.Primitives;
using Grpc.Core;

namespace Cassini.Harness.Workers;

/// <summary>The workers that joined: each of a role that is wanted, and with a name of its own.</summary>
internal sealed partial class WorkerRoster(string plan, IReadOnlyDictionary<WorkerRole, int> wanted, TimeProvider time)
    : WorkerService, IAsyncDisposable
{
    private static readonly TimeSpan HelloTimeout = TimeSpan.FromSeconds(10);

    private readonly Lock _gate = new();
    private readonly List<RemoteWorker> _workers = [];
    private readonly TaskCompletionSource _complete = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Completes when all workers that are wanted have joined.</summary>
    public Task Complete => _complete.Task;

    public IReadOnlyList<IWorker> Workers
    {
        get
        {
            lock (_gate)
            {
                return [.. _workers];
            }
        }
    }

    /// <summary>The workers that have not joined yet, for people.</summary>
    public string Missing()
    {
        lock (_gate)
        {
            return string.Join(", ", wanted.Select(of => (Role: of.Key, Count: of.Value - CountOfLocked(of.Key)))
                .Where(missing => missing.Count > 0)
                .Select(missing => Quantity.Of(missing.Count, WordOf(missing.Role))));
        }
    }

    public override async Task Join(
        IAsyncStreamReader<WorkerMessage> messages, IServerStreamWriter<ControllerMessage> answers, ServerCallContext call)
    {
        var hello = await GreetAsync(messages, call.CancellationToken);
        var worker = new RemoteWorker(hello, plan, time);
        if (TryEnter(hello, worker) is { } objection)
        {
            throw new RpcException(new Status(StatusCode.FailedPrecondition, objection));
        }

        await worker.ServeAsync(messages, answers, call.CancellationToken);
        Leave(worker);
    }

    /// <summary>Ends all workers.</summary>
    public async ValueTask DisposeAsync() => await Task.WhenAll(Workers.Select(worker => worker.DisposeAsync().AsTask()));

    private async Task<WorkerMessage.Hello> GreetAsync(IAsyncStreamReader<WorkerMessage> messages, CancellationToken aborted)
    {
        using var timeout = new CancellationTokenSource();
        await using var deadline = new PeerDeadline(HelloTimeout, time, timeout.Cancel);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, aborted);
        try
        {
            if (await messages.MoveNext(limit.Token) && messages.Current is WorkerMessage.Hello hello)
            {
                return hello;
            }
        }
        catch (OperationCanceledException)
        {
            // It sent nothing in time, or is gone.
        }
        catch (JsonException exception)
        {
            throw new RpcException(new Status(
                StatusCode.InvalidArgument,
                $"the first message is no hello of version {WorkerProtocol.Version}: {SafeText.Of(JsonProblem.ReasonOf(exception))}"));
        }

        throw new RpcException(new Status(StatusCode.InvalidArgument, "a worker's first message is hello"));
    }

    /// <returns>Why the worker is refused; null when it has entered.</returns>
    private string? TryEnter(WorkerMessage.Hello hello, RemoteWorker worker)
    {
        lock (_gate)
        {
            if (ObjectionLocked(hello) is { } objection)
            {
                return objection;
            }

            _workers.Add(worker);
            if (wanted.All(of => CountOfLocked(of.Key) >= of.Value))
            {
                _complete.TrySetResult();
            }

            return null;
        }
    }

    /// <summary>Until all have joined, a worker that is lost makes room for another one. After that, its loss ends the run.</summary>
    private void Leave(RemoteWorker worker)
    {
        lock (_gate)
        {
            if (!_complete.Task.IsCompleted)
            {
                _workers.Remove(worker);
            }
        }
    }

    private string? ObjectionLocked(WorkerMessage.Hello hello) =>
        hello.Version != WorkerProtocol.Version ? $"the controller speaks version {WorkerProtocol.Version} and not {hello.Version}"
        : !Name().IsMatch(hello.Name) ? "a worker's name has 1 to 64 letters, digits, dots, hyphens and underscores"
        : _workers.Any(worker => worker.Name == hello.Name) ? $"there is a worker '{hello.Name}' already"
        : CountOfLocked(hello.Role) >= wanted.GetValueOrDefault(hello.Role) ? $"no further {WordOf(hello.Role)} is wanted"
        : null;

    private int CountOfLocked(WorkerRole role) => _workers.Count(worker => worker.Role == role);

    private static string WordOf(WorkerRole role) => role.ToString().ToLowerInvariant();

    [GeneratedRegex("^[A-Za-z0-9._-]{1,64}$", RegexOptions.CultureInvariant)]
    private static partial Regex Name();
}
